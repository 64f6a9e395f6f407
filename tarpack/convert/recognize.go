package convert

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/compressed"
)

// Recognizes reports whether a file of size bytes looks like one that Convert reads: a zip, a tar,
// or a compressed tar. It reads the beginning, and the end where a zip has its directory. It also
// returns true if the beginning is damaged or cut off, so that Convert reports how. Decoders may
// need much of a compressed file for its first byte.
func Recognizes(file io.ReaderAt, size int64) bool {
	r := bufio.NewReader(io.NewSectionReader(file, 0, size))
	head, _ := r.Peek(format.BlockSize)
	if len(head) == 0 {
		return false
	}
	if looksLikeTar(head) || isZip(head) {
		return true
	}
	if !compressed.Begins(head) {
		switch format.Recognize(head) {
		case format.ForeignBzip2, format.ForeignXZ, format.ForeignZstd, format.ForeignLZ4:
			return true
		}
		_, err := zip.NewReader(file, size) // perhaps behind a program that extracts it
		return err == nil || errors.Is(err, zip.ErrInsecurePath)
	}
	s := compressed.NewReader(r)
	defer s.Close()
	block := make([]byte, format.BlockSize)
	n, err := io.ReadFull(s, block)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return true
	}
	return looksLikeTar(block[:n])
}

// looksLikeTar reports whether a block is a header, or the zeros of an empty tar.
func looksLikeTar(b []byte) bool {
	return len(b) == format.BlockSize && (isTarHeader(b) || len(bytes.Trim(b, "\x00")) == 0)
}
