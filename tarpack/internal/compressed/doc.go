// Package compressed reads streams of gzip, zstd, xz, bzip2, lzma and lz4 that follow each other.
//
//	reader.go   Reader: where a stream ends, what may follow it
//	formats.go  the formats, how each begins and which reader it has
//	gzip.go     members of gzip
//
// Call [NewReader] where [Begins] returns true.
package compressed
