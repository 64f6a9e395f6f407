package sidecar

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Check returns an error if a value exceeds the limits of the format or contradicts another. It
// does not look at Target and End, whose limits depend on the other entries.
func (e *Entry) Check() error {
	switch {
	case e.Offset < 0 || e.Offset > layout.MaxSetOffset:
		return fmt.Errorf("offset %d", e.Offset)
	case e.HeaderLen < coding.MinMember || e.HeaderLen > layout.MaxMember:
		return fmt.Errorf("header member of %d bytes", e.HeaderLen)
	case e.Size < 0 || e.Size > layout.MaxOffset:
		return fmt.Errorf("size %d", e.Size)
	case e.ModTime < layout.MinTime || e.ModTime > layout.MaxTime:
		return fmt.Errorf("modification time %d s", e.ModTime)
	case e.Mode > layout.MaxMode:
		return fmt.Errorf("mode %#o", e.Mode)
	case e.Duplicate && e.Type != TypeHardlink:
		return fmt.Errorf("a duplicate of type %v", e.Type)
	case e.Type == TypeFile:
		return e.checkFile()
	case e.ContentLen != 0 || e.PadLen != 0 || e.Coding != coding.None || e.CRC != 0:
		return fmt.Errorf("content in an entry of type %v", e.Type)
	case e.Type == TypeHardlink:
		return nil
	case e.Hash != 0 || e.Sniff != 0 || e.Size != 0 && e.Type != TypeSymlink:
		return fmt.Errorf("content in an entry of type %v", e.Type)
	}
	switch e.Type {
	case TypeSymlink:
		if e.Mode != layout.LinkMode {
			return fmt.Errorf("mode %#o of a symbolic link", e.Mode)
		}
		if e.Size < 1 || e.Size > layout.MaxPath {
			return fmt.Errorf("link target of %d bytes", e.Size)
		}
	case TypeChar, TypeBlock:
		if e.DevMajor > layout.MaxDevice || e.DevMinor > layout.MaxDevice {
			return fmt.Errorf("device %d, %d", e.DevMajor, e.DevMinor)
		}
	case TypeDir, TypeFIFO:
	default:
		return fmt.Errorf("unknown type %d", e.Type)
	}
	return nil
}

// checkFile is Check for a regular file.
func (e *Entry) checkFile() error {
	if e.Size == 0 {
		if e.ContentLen != 0 || e.PadLen != 0 || e.Coding != coding.None || e.CRC != 0 ||
			e.Sniff != 0 || e.Hash != EmptyHash {
			return errors.New("an empty file with content")
		}
		return nil
	}
	if !e.fitsCoding() {
		return fmt.Errorf("content member of %d bytes, %v, for a file of %d bytes",
			e.ContentLen, e.Coding, e.Size)
	}
	padded := e.Coding == coding.Segmented || e.Size%layout.TarBlock != 0
	if padded && (e.PadLen < coding.MinMember || e.PadLen > layout.MaxMember) ||
		!padded && e.PadLen != 0 {
		return fmt.Errorf("padding member of %d bytes for a file of %d bytes", e.PadLen, e.Size)
	}
	return nil
}

// fitsCoding reports whether a member of ContentLen bytes can hold Size bytes in this coding.
func (e *Entry) fitsCoding() bool {
	if e.ContentLen < coding.MinMember || e.ContentLen > layout.MaxOffset {
		return false
	}
	switch e.Coding {
	case coding.Stored:
		return e.ContentLen == coding.StoredLength(e.Size)
	case coding.Deflate, coding.Segmented:
		hi, lo := bits.Mul64(uint64(e.ContentLen-coding.Overhead), coding.MaxExpansion)
		return hi != 0 || uint64(e.Size) <= lo
	}
	return false
}
