package sidecar

import (
	"encoding/binary"
	"fmt"
)

// Type says what an entry is.
type Type uint8

// The types of entries, with the numbers of the format.
const (
	TypeFile Type = 1 + iota
	TypeDir
	TypeSymlink
	TypeHardlink
	TypeChar
	TypeBlock
	TypeFIFO
)

var typeNames = [...]string{"", "file", "dir", "symlink", "hardlink", "char", "block", "fifo"}

// String is a short name: file, dir, symlink, hardlink, char, block or fifo.
func (t Type) String() string {
	if t >= TypeFile && t <= TypeFIFO {
		return typeNames[t]
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

// Coding says how the member that holds a file's content is written (FORMAT.md 1.3).
type Coding uint8

// The codings, with the numbers of the format. An entry without content has none.
const (
	CodingNone Coding = iota
	CodingDeflate
	CodingStored
	CodingSegmented
)

var codingNames = [...]string{"none", "deflate", "stored", "segmented"}

// String is none, deflate, stored or segmented.
func (c Coding) String() string {
	if int(c) < len(codingNames) {
		return codingNames[c]
	}
	return fmt.Sprintf("coding(%d)", uint8(c))
}

// Entry is what a sidecar says of one entry of the archive: plain values. Offsets and lengths are in bytes; those of
// members count compressed bytes in the archive.
type Entry struct {
	Offset    int64 // where the member begins that holds the entry's tar header: H of a file, else G
	HeaderLen int32 // length of that member

	ContentLen int64 // file: length of C, 0 when the file is empty
	PadLen     int32 // file: length of P, 0 when there is none

	// Size is that of the content. Symbolic link: length of its text. Hard link: size of its target. Else 0.
	Size    int64
	ModTime int64  // seconds since 1970
	Mode    uint16 // the low 12 bits: 07777
	Type    Type
	Coding  Coding // file: how C is written

	Duplicate bool   // hard link: tpk made it in place of a file with the same content
	Sniff     Sniff  // file, and of a hard link its target's: what the content looks like
	Hash      uint64 // xxHash64 of the content, likewise
	CRC       uint32 // file: CRC-32 of the content

	Target uint32 // hard link: ordinal of its target
	End    uint32 // directory: the ordinal after the last entry below it

	DevMajor, DevMinor uint32 // devices

	linkOffset int64 // symbolic link: where its text begins in the section of link targets
}

// ContentOffset is where a file's C begins in the archive. It means nothing when ContentLen is 0.
func (e Entry) ContentOffset() int64 { return e.Offset + int64(e.HeaderLen) }

// Length is the number of bytes from Offset that belong to the entry: H, C and P of a file; of others the group that they
// share with their neighbours.
func (e Entry) Length() int64 { return int64(e.HeaderLen) + e.ContentLen + int64(e.PadLen) }

// recordSize and the offsets in a record (FORMAT.md 2.2). Fields of 6, 5 and 2 bytes stand side by side in words of 8.
const (
	recordSize = 44

	recHeader  = 0  // offset u48, length of H or G u16
	recSize    = 8  // size u48, length of P u16
	recContent = 16 // length of C, offset of link text, or device u48; sniff u8; zero u8
	recHash    = 24 // u64
	recLink    = 32 // CRC-32, end or target u32
	recTime    = 36 // mtime i40, mode u16, type u8

	recType = recTime + 7

	mask48 = 1<<48 - 1

	typeMask      = 0x0f
	codingShift   = 4
	codingMask    = 3
	duplicateFlag = 1 << 6
	typeZero      = 0x80

	devShift = 24
	devMask  = 1<<devShift - 1
)

// encode puts the entry into a record. Its values are within their limits.
func (e *Entry) encode(b []byte) {
	le := binary.LittleEndian
	third, fourth := uint64(0), uint32(0)
	switch e.Type {
	case TypeFile:
		third, fourth = uint64(e.ContentLen), e.CRC
	case TypeDir:
		fourth = e.End
	case TypeSymlink:
		third = uint64(e.linkOffset)
	case TypeHardlink:
		fourth = e.Target
	case TypeChar, TypeBlock:
		third = uint64(e.DevMajor)<<devShift | uint64(e.DevMinor)
	}
	kind := uint64(e.Type) | uint64(e.Coding)<<codingShift
	if e.Duplicate {
		kind |= duplicateFlag
	}
	le.PutUint64(b[recHeader:], uint64(e.Offset)|uint64(e.HeaderLen)<<48)
	le.PutUint64(b[recSize:], uint64(e.Size)|uint64(e.PadLen)<<48)
	le.PutUint64(b[recContent:], third|uint64(e.Sniff)<<48)
	le.PutUint64(b[recHash:], e.Hash)
	le.PutUint32(b[recLink:], fourth)
	le.PutUint64(b[recTime:], uint64(e.ModTime)&(1<<40-1)|uint64(e.Mode)<<40|kind<<56)
}

// decode takes the entry out of a record. False: a field that must be zero is not, or the type is unknown. The values are
// yet to be checked.
func (e *Entry) decode(b []byte) bool {
	le := binary.LittleEndian
	_ = b[recordSize-1]
	w := le.Uint64(b[recHeader:])
	e.Offset, e.HeaderLen = int64(w&mask48), int32(w>>48)
	w = le.Uint64(b[recSize:])
	e.Size, e.PadLen = int64(w&mask48), int32(w>>48)
	e.Hash = le.Uint64(b[recHash:])
	w = le.Uint64(b[recTime:])
	e.ModTime, e.Mode = int64(w<<24)>>24, uint16(w>>40)
	kind := uint8(w >> 56)
	e.Type, e.Coding, e.Duplicate = Type(kind&typeMask), Coding(kind>>codingShift&codingMask), kind&duplicateFlag != 0

	w = le.Uint64(b[recContent:])
	third, fourth := w&mask48, le.Uint32(b[recLink:])
	e.Sniff = Sniff(w >> 48)
	if w>>56 != 0 || kind&typeZero != 0 {
		return false
	}
	switch e.Type {
	case TypeFile:
		e.ContentLen, e.CRC = int64(third), fourth
		return true
	case TypeDir:
		e.End = fourth
		fourth = 0
	case TypeSymlink:
		e.linkOffset = int64(third)
		third = 0
	case TypeHardlink:
		e.Target = fourth
		return third|uint64(e.PadLen) == 0
	case TypeChar, TypeBlock:
		e.DevMajor, e.DevMinor = uint32(third>>devShift), uint32(third&devMask)
		third = 0
	case TypeFIFO:
	default:
		return false
	}
	return third|uint64(e.PadLen)|uint64(fourth)|e.Hash|uint64(e.Sniff) == 0
}
