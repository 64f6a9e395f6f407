package sidecar

import (
	"fmt"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Type is the type of an entry.
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

// String returns a short name: file, dir, symlink, hardlink, char, block or fifo.
func (t Type) String() string {
	if t >= TypeFile && t <= TypeFIFO {
		return typeNames[t]
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

// EmptyHash is the Hash of a file of 0 bytes: the xxHash64 of no bytes.
const EmptyHash = 0xef46db3751d8e999

// Entry holds the fields of an index entry (FORMAT.md 2.2). Offsets and lengths are in bytes; those
// of members count compressed bytes in the archive. A field is zero unless the type of the entry
// has it.
type Entry struct {
	// Offset is the offset in the archive of the member with the entry's tar header: H of a file,
	// else G. HeaderLen is the length of that member.
	Offset    int64
	HeaderLen int32

	// ContentLen and PadLen are the lengths of a file's C and P; 0 if it has none.
	ContentLen int64
	PadLen     int32

	// Size is the size of a file, of a hard link's target, or of the text of a symbolic link.
	Size    int64
	ModTime int64  // seconds since 1970
	Mode    uint16 // permission bits, at most 07777
	Type    Type
	Coding  coding.Coding // file: how C is written

	// Duplicate marks a hard link that tpk made in place of a file with equal content.
	Duplicate bool
	Sniff     Sniff  // file and hard link: what the content looks like
	Hash      uint64 // file and hard link: xxHash64 of the content
	CRC       uint32 // file: CRC-32 of the content

	Target uint32 // hard link: ordinal of its target
	End    uint32 // directory: the ordinal after the last entry below it

	DevMajor, DevMinor uint32 // character and block device

	linkOffset int64 // symbolic link: offset of its text in the section of link targets
}

// ContentOffset returns the offset of a file's C in the archive. It has no meaning if ContentLen is
// 0.
func (e Entry) ContentOffset() int64 { return e.Offset + int64(e.HeaderLen) }

// Length returns the number of bytes from Offset that belong to the entry: H, C and P of a file. An
// entry of another type shares them with the other entries of its G.
func (e Entry) Length() int64 { return int64(e.HeaderLen) + e.ContentLen + int64(e.PadLen) }

// decode sets e to the fields of a record. It returns false if the type is unknown or a field is
// not zero that must be. The values are not checked.
func (e *Entry) decode(b []byte) bool {
	r := layout.AsRecord(b)
	e.Offset, e.HeaderLen = r.Offset(), r.HeaderLen()
	e.ModTime, e.Mode = r.ModTime(), r.Mode()
	e.Type, e.Coding, e.Duplicate = Type(r.Type()), coding.Coding(r.Coding()), r.Duplicate()
	if !r.ReservedZero() {
		return false
	}
	if e.Type == TypeDir {
		e.End = r.Narrow()
		return r.ZeroInDir()
	}
	e.Size, e.PadLen = r.Size(), r.PadLen()
	e.Sniff, e.Hash = Sniff(r.Sniff()), r.Hash()
	wide, narrow := r.Wide(), r.Narrow()
	switch e.Type {
	case TypeFile:
		e.ContentLen, e.CRC = wide, narrow
		return true
	case TypeSymlink:
		e.linkOffset = wide
		wide = 0
	case TypeHardlink:
		e.Target = narrow
		return wide|int64(e.PadLen) == 0
	case TypeChar, TypeBlock:
		e.DevMajor, e.DevMinor = layout.SplitDevice(wide)
		wide = 0
	case TypeFIFO:
	default:
		return false
	}
	return uint64(wide)|uint64(e.PadLen)|uint64(narrow)|e.Hash|uint64(e.Sniff) == 0
}
