// Command packaging makes the files of a release out of a checkout: archives, packages for Linux,
// an image for containers, lists of what is in them, and a formula for Homebrew. It is a module of
// its own, so that the libraries for this stay out of the module that users of tpk import.
//
//	packaging build -source DIR -version v1.0.0 -out DIR [-platforms linux/amd64,...]
//	packaging sign [-public FILE] FILE
//
// release.sh calls it twice, in different directories, and compares the results. docs/releasing.md
// describes a release.
//
//	platform.go   what is built for which system
//	compile.go    the binaries, and the limit on their size
//	documents.go  manual pages, completions, licences
//	archive.go    .tar.gz and .zip
//	linux.go      .deb, .rpm and .apk
//	image.go      the image for containers
//	bom.go        lists of components
//	formula.go    the formula for Homebrew
//	notes.go      the text of the release
//	sums.go       SHA256SUMS
//	sign.go       its signature
package main
