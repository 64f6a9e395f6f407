// Package compressed reads streams of gzip, zstd, xz, bzip2, lzma and lz4 that follow each other.
//
//	reader.go  Reader: which format a stream has, where it ends, what may follow it
//	gzip.go    members of gzip
//
// Call [NewReader] where [Begins] returns true.
package compressed
