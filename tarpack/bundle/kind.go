package bundle

import (
	"debug/macho"
	"encoding/binary"
	"io"
)

// kind is the format of a program.
type kind int

const (
	unknown kind = iota
	elfProgram
	peProgram
	machoProgram // for one processor of 64 bits
)

// headSize is how many bytes of a file kindOf needs.
const headSize = 64

// kindOf returns the format of a program from its first bytes.
func kindOf(head []byte) kind {
	switch {
	case len(head) < headSize:
	case string(head[:4]) == "\x7fELF":
		return elfProgram
	case string(head[:2]) == "MZ":
		return peProgram
	case binary.LittleEndian.Uint32(head) == macho.Magic64:
		return machoProgram
	}
	return unknown
}

// signatureOf returns where in a file of size bytes the signature of the system begins, or 0. The
// signature is the end of the file.
func signatureOf(r io.ReaderAt, size int64, k kind) int64 {
	var off, length int64
	switch k {
	case peProgram:
		if _, entry, err := peSecurity(r); err == nil {
			off, length = int64(entry[0]), int64(entry[1])
		}
	case machoProgram:
		if m, err := readMachO(r); err == nil && m.signature != nil {
			off, length = int64(m.signature.offset()), int64(m.signature.length())
		}
	}
	if length == 0 || off <= 0 || off+length > size {
		return 0
	}
	return off
}
