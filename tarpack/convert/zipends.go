package convert

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Records of a zip (APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16).
const (
	zipLocalMagic = "PK\x03\x04"
	zipLocalSize  = 30
	zipDirMagic   = "PK\x01\x02"
	zipEndMagic   = "PK\x05\x06"
	zipEndSize    = 22
	zipMaxTail    = 65 << 10 // where archive/zip looks for the end record
)

// isZip reports whether b is the beginning of a zip.
func isZip(b []byte) bool {
	return bytes.HasPrefix(b, []byte(zipLocalMagic)) || bytes.HasPrefix(b, []byte(zipEndMagic))
}

// A zipEnd is the end record of a zip.
type zipEnd struct {
	at, end            int64 // offsets of the record and behind its comment
	dirSize, dirOffset int64 // of the directory, from the record
}

// findZipEnd finds the end record that archive/zip has found at the end of r.
func findZipEnd(r *io.SectionReader) (zipEnd, error) {
	b := make([]byte, min(zipMaxTail, r.Size()))
	if _, err := r.ReadAt(b, r.Size()-int64(len(b))); err != nil && err != io.EOF {
		return zipEnd{}, err
	}
	at := bytes.LastIndex(b[:max(0, len(b)-zipEndSize+len(zipEndMagic))], []byte(zipEndMagic))
	if at < 0 {
		return zipEnd{}, zip.ErrFormat
	}
	e := b[at:]
	from := r.Size() - int64(len(e))
	return zipEnd{
		at:        from,
		end:       from + zipEndSize + int64(binary.LittleEndian.Uint16(e[20:])),
		dirSize:   int64(binary.LittleEndian.Uint32(e[12:])),
		dirOffset: int64(binary.LittleEndian.Uint32(e[16:])),
	}, nil
}

// hasTwoDirectories reports whether a directory is at the offset in the record, and another one
// right before the record. The first belongs to a zip before this one, and archive/zip reads it.
func (e *zipEnd) hasTwoDirectories(r *io.SectionReader) bool {
	before := e.at - e.dirSize
	if e.dirSize == 0 || before <= e.dirOffset {
		return false
	}
	for _, at := range []int64{e.dirOffset, before} {
		var magic [4]byte
		if _, err := r.ReadAt(magic[:], at); err != nil || string(magic[:]) != zipDirMagic {
			return false
		}
	}
	return true
}

// checkBefore returns an error if a zip begins at begin, and ends before the first entry of z. e is
// the end of z. Other bytes there, such as a program that extracts the zip, are left out.
func checkBefore(z *zip.Reader, e *zipEnd, r *io.SectionReader, begin int64) error {
	errTwo := fmt.Errorf("%w: the zip at offset %d is followed by another one", ErrNotConvertible,
		begin)
	if e.hasTwoDirectories(r) {
		return errTwo
	}
	var local [zipLocalSize]byte
	if _, err := r.ReadAt(local[:], begin); err != nil || string(local[:4]) != zipLocalMagic {
		return nil
	}
	data := begin + zipLocalSize + int64(binary.LittleEndian.Uint16(local[26:])) +
		int64(binary.LittleEndian.Uint16(local[28:]))
	first := e.at
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
			return errTwo
		}
	}
	return nil
}
