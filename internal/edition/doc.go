// Package edition knows whether this is the small build of tpk, made with the build tag minimal.
//
// Code that the small build lacks stands behind a condition on [Minimal]. As that is a constant,
// the compiler leaves the code out, and the linker all that only it needs, with the libraries.
// Where a library has more to it than functions, as variables that are set when a program starts,
// there are two files instead, with and without the tag: those of S3, encodings, pages and others.
//
// docs/decisions/dependencies.md has what the small build lacks, and why.
package edition
