package bundle

import (
	"encoding/binary"
	"errors"
	"io"
)

// Places in a program for Windows (PE Format, "MS-DOS Stub", "Optional Header Data Directories").
const (
	peHeaderAt      = 0x3c  // of the offset of the signature "PE\0\0"
	peOptionalAfter = 24    // from there to the optional header
	peDirectories32 = 96    // of the data directories in it, for 32 bits
	peDirectories64 = 112   // for 64 bits
	peSecurityIndex = 4     // "Certificate Table": its first field is an offset in the file
	peMagic32       = 0x10b // of the optional header
	peMagic64       = 0x20b
	maxPEHeader     = 16 << 20
)

var errNotPE = errors.New("it is not a program for Windows")

// peSecurity returns the place of the signature of a program for Windows, offset and length, and
// where in the file these are. Both are 0 in a program that is not signed.
func peSecurity(r io.ReaderAt) (at int64, entry [2]uint32, err error) {
	var b [8]byte
	if _, err := r.ReadAt(b[:4], peHeaderAt); err != nil {
		return 0, entry, err
	}
	header := int64(binary.LittleEndian.Uint32(b[:]))
	if header > maxPEHeader {
		return 0, entry, errNotPE
	}
	if _, err := r.ReadAt(b[:4], header); err != nil {
		return 0, entry, err
	}
	if string(b[:4]) != "PE\x00\x00" {
		return 0, entry, errNotPE
	}
	if _, err := r.ReadAt(b[:2], header+peOptionalAfter); err != nil {
		return 0, entry, err
	}
	at = header + peOptionalAfter + 8*peSecurityIndex
	switch binary.LittleEndian.Uint16(b[:]) {
	case peMagic32:
		at += peDirectories32
	case peMagic64:
		at += peDirectories64
	default:
		return 0, entry, errNotPE
	}
	if _, err := r.ReadAt(b[:], at); err != nil {
		return 0, entry, err
	}
	entry[0] = binary.LittleEndian.Uint32(b[:])
	entry[1] = binary.LittleEndian.Uint32(b[4:])
	return at, entry, nil
}
