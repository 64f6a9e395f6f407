package convert

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/tarpack/tpk/tarpack/format"
)

// Recognizes reports whether a file of size bytes looks like one that Convert reads: a zip, a tar,
// or a compressed tar. It reads the beginning, and the end where a zip has its directory. It also
// returns true if the beginning is damaged, so that Convert reports how.
func Recognizes(file io.ReaderAt, size int64) bool {
	r := bufio.NewReader(io.NewSectionReader(file, 0, size))
	head, _ := r.Peek(format.BlockSize)
	if len(head) == 0 {
		return false
	}
	if looksLikeTar(head) || isZip(head) {
		return true
	}
	if !isStream(head) {
		_, err := zip.NewReader(file, size) // perhaps behind a program that extracts it
		return err == nil || errors.Is(err, zip.ErrInsecurePath)
	}
	s := &streams{r: r}
	defer s.Close()
	block := make([]byte, format.BlockSize)
	n, err := io.ReadFull(s, block)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF && err != errCutOff {
		return true
	}
	return looksLikeTar(block[:n])
}

// looksLikeTar reports whether a block is a header, or the zeros of an empty tar.
func looksLikeTar(b []byte) bool {
	return len(b) == format.BlockSize && (isTarHeader(b) || len(bytes.Trim(b, "\x00")) == 0)
}
