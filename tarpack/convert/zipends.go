package convert

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Records of a zip (APPNOTE, sections 4.3.7 and 4.3.16).
const (
	zipLocalMagic = "PK\x03\x04"
	zipLocalSize  = 30
	zipEndMagic   = "PK\x05\x06"
	zipEndSize    = 22
	zipMaxTail    = 65 << 10 // where archive/zip looks for the end record
)

// isZip reports whether b is the beginning of a zip.
func isZip(b []byte) bool {
	return bytes.HasPrefix(b, []byte(zipLocalMagic)) || bytes.HasPrefix(b, []byte(zipEndMagic))
}

// zipEnd returns where the zip ends that archive/zip has found at the end of r.
func zipEnd(r *io.SectionReader) (int64, error) {
	b := make([]byte, min(zipMaxTail, r.Size()))
	if _, err := r.ReadAt(b, r.Size()-int64(len(b))); err != nil && err != io.EOF {
		return 0, err
	}
	at := bytes.LastIndex(b[:len(b)-zipEndSize+len(zipEndMagic)], []byte(zipEndMagic))
	if at < 0 {
		return 0, zip.ErrFormat
	}
	comment := binary.LittleEndian.Uint16(b[at+zipEndSize-2:])
	return r.Size() - int64(len(b)-at-zipEndSize-int(comment)), nil
}

// checkBefore returns an error if a zip begins at begin, and ends before the first entry of z. Other
// bytes there, such as a program that extracts the zip, are left out.
func checkBefore(z *zip.Reader, r *io.SectionReader, begin int64) error {
	var local [zipLocalSize]byte
	if _, err := r.ReadAt(local[:], begin); err != nil || string(local[:4]) != zipLocalMagic {
		return nil
	}
	data := begin + zipLocalSize + int64(binary.LittleEndian.Uint16(local[26:])) +
		int64(binary.LittleEndian.Uint16(local[28:]))
	first := r.Size() - zipEndSize
	for _, zf := range z.File {
		at, err := zf.DataOffset()
		if at == data {
			return nil
		}
		if err == nil {
			first = min(first, at)
		}
	}
	b := make([]byte, 1<<20)
	for off := begin; off < first; off += int64(len(b) - len(zipEndMagic)) {
		n, err := r.ReadAt(b[:min(int64(len(b)), first-off)], off)
		if err != nil {
			return err
		}
		if bytes.Contains(b[:n], []byte(zipEndMagic)) {
			return fmt.Errorf("%w: a zip at offset %d is followed by another one", ErrNotConvertible,
				begin)
		}
	}
	return nil
}
