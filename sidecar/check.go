package sidecar

import (
	"errors"
	"fmt"
	"math/bits"
)

// check says what is wrong with the values of an entry taken alone: of a record read, and of an item to be written. It
// does not look at Target, End and the place of a link's text.
func (e *Entry) check() error {
	switch {
	case e.Offset < 0 || e.Offset > maxOffset:
		return fmt.Errorf("offset %d", e.Offset)
	case e.HeaderLen < minMember || e.HeaderLen > maxMember:
		return fmt.Errorf("header member of %d bytes", e.HeaderLen)
	case e.Size < 0 || e.Size > maxOffset:
		return fmt.Errorf("size %d", e.Size)
	case e.ModTime < minTime || e.ModTime > maxTime:
		return fmt.Errorf("modification time %d s", e.ModTime)
	case e.Mode > 0o7777:
		return fmt.Errorf("mode %#o", e.Mode)
	case e.Duplicate && e.Type != TypeHardlink:
		return fmt.Errorf("a duplicate of type %v", e.Type)
	case e.Type == TypeFile:
		return e.checkFile()
	case e.ContentLen != 0 || e.PadLen != 0 || e.Coding != CodingNone || e.CRC != 0:
		return fmt.Errorf("content in an entry of type %v", e.Type)
	}
	if e.Type != TypeHardlink && (e.Hash != 0 || e.Sniff != 0 || e.Size != 0 && e.Type != TypeSymlink) {
		return fmt.Errorf("content in an entry of type %v", e.Type)
	}
	switch e.Type {
	case TypeSymlink:
		if e.Size < 1 || e.Size > maxPath {
			return fmt.Errorf("link target of %d bytes", e.Size)
		}
	case TypeChar, TypeBlock:
		if e.DevMajor > maxDevice || e.DevMinor > maxDevice {
			return fmt.Errorf("device %d, %d", e.DevMajor, e.DevMinor)
		}
	case TypeDir, TypeHardlink, TypeFIFO:
	default:
		return fmt.Errorf("unknown type %d", e.Type)
	}
	return nil
}

// checkFile is check for a regular file.
func (e *Entry) checkFile() error {
	if e.Size == 0 {
		if e.ContentLen != 0 || e.PadLen != 0 || e.Coding != CodingNone || e.CRC != 0 || e.Sniff != 0 || e.Hash != emptyHash {
			return errors.New("an empty file with content")
		}
		return nil
	}
	deflated := e.ContentLen - memberOverhead
	ok := e.ContentLen >= minMember && e.ContentLen <= maxOffset && e.Coding <= CodingSegmented
	switch e.Coding {
	case CodingNone:
		ok = false
	case CodingStored:
		ok = ok && deflated == e.Size+5*((e.Size+storedBlock-1)/storedBlock)
	default:
		hi, lo := bits.Mul64(uint64(deflated), maxExpansion)
		ok = ok && (hi != 0 || uint64(e.Size) <= lo)
	}
	if !ok {
		return fmt.Errorf("content member of %d bytes, %v, for a file of %d bytes", e.ContentLen, e.Coding, e.Size)
	}
	padded := e.Coding == CodingSegmented || e.Size%tarBlock != 0
	if padded && (e.PadLen < minMember || e.PadLen > maxMember) || !padded && e.PadLen != 0 {
		return fmt.Errorf("padding member of %d bytes for a file of %d bytes", e.PadLen, e.Size)
	}
	return nil
}

// checkSegments says what is wrong with the shift and number of segments of a file.
func checkSegments(size int64, shift uint8, n int64) error {
	if shift < minShift || shift > maxShift || n < 2 || n > maxSegments(shift) || n != segmentsOf(size, shift) {
		return fmt.Errorf("%d segments, shift %d, for a file of %d bytes", n, shift, size)
	}
	return nil
}

// maxSegments is how many segments a file may have (FORMAT.md 1.3).
func maxSegments(shift uint8) int64 {
	if shift <= shortShift {
		return maxTable / 3
	}
	return maxTable / 4
}

// segmentsOf is the number of segments of a file of the given size: ⌈size / 2^shift⌉.
func segmentsOf(size int64, shift uint8) int64 { return (size + 1<<shift - 1) >> shift }

// ValidPath says why a path may not stand in an archive (FORMAT.md 1.1, rule 4); nil if it may. The error wraps
// [ErrPath]. The path has no slash at its end, also if it is a directory's.
func ValidPath(path string) error { return validPath(path) }

func validPath[T string | []byte](path T) error {
	if len(path) > maxPath {
		return fmt.Errorf("%w: %.40q…: %d bytes, at most %d are allowed", ErrPath, path, len(path), maxPath)
	}
	if reason := badPath(path); reason != "" {
		return fmt.Errorf("%w: %q: %s", ErrPath, path, reason)
	}
	return nil
}

// badPath says what is wrong with a path, or "".
func badPath[T string | []byte](path T) string {
	switch {
	case len(path) == 0:
		return "it is empty"
	case path[0] == '/':
		return "it starts with a slash"
	case path[len(path)-1] == '/':
		return "it ends with a slash"
	}
	begin := 0 // of the component at hand
	for i := 0; i <= len(path); i++ {
		switch {
		case i < len(path) && path[i] == 0:
			return "it has a NUL byte"
		case i < len(path) && path[i] != '/':
			continue
		}
		switch n := i - begin; {
		case n == 0:
			return "it has two slashes in a row"
		case n == 1 && path[begin] == '.':
			return "it has a component ."
		case n == 2 && path[begin] == '.' && path[begin+1] == '.':
			return "it has a component .."
		case n > maxComponent:
			return fmt.Sprintf("it has a component of %d bytes, at most %d are allowed", n, maxComponent)
		}
		begin = i + 1
	}
	return ""
}
