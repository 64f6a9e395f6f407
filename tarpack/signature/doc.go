// Package signature has the signed checksums of an archive, FORMAT.md 6: the text NAME.sum and its
// minisign signature NAME.sum.minisig.
//
//	minisign key ─► NAME.sum.minisig ─► NAME.sum ─► SHA-256 of the archive
//	                                            └─► SHA-256 of the index's header ─► everything else
//
// A [Trust] has a public key, and finds and checks the files of an archive. What it returns, a
// [Signed], tells package tarpack which bytes are the right ones. A [SecretKey] makes signatures;
// package sign writes the files.
//
// The cryptography is that of aead.dev/minisign. This package does not print, and reads no
// password.
package signature
