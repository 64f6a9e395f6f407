// Package encoded has the variants files of archives that are served: contents in other encodings
// than that of their members.
//
//	source.go   Source: the variants file of one archive, which may appear, change and vanish
//	file.go     File: one open file; Find and Dictionary for planning
//	read.go     encoded bytes, which are checked before they are sent; now_linux.go for event loops
//	verdicts.go which variants are known to be right or wrong
//
// A variants file is bound to the content of its archive, so a Source opens a new one while the
// archive stays open. An answer uses one File from its plan to its last byte.
//
// Nothing in the file is trusted. Bytes are sent only if they have the checksum in the file's
// tables. If the archive was signed, they must also decode to the content that was signed: else
// somebody who can write the variants file could replace a page. What fails is not used any more,
// and clients get the member of the archive.
package encoded
