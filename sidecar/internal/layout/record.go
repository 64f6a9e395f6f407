package layout

import "encoding/binary"

// RecordSize is the length of a record in bytes.
const RecordSize = 44

// Offsets in a record (FORMAT.md 2.2).
const (
	recOffset    = 0  // u48, the low bits of a u56
	recHeaderLen = 6  // u16
	recSize      = 8  // u48
	recPadLen    = 14 // u16
	recWide      = 16 // u48
	recSniff     = 22 // u8
	recHigh      = 23 // u8, the high bits of the offset
	recHash      = 24 // u64
	recNarrow    = 32 // u32
	recTime      = 36 // i40
	recMode      = 41 // u16
	recKind      = 43 // u8

	// In the record of a directory, its totals.
	recBytes   = 8  // u64
	recMembers = 16 // u56
	recNonDirs = 24 // u32
	recDirZero = 28 // u32

	mask48 = 1<<48 - 1
	mask56 = 1<<56 - 1
	bits40 = 40

	// The bits of a record's kind.
	typeMask      = 0x0f
	codingShift   = 4
	codingMask    = 3
	duplicateFlag = 1 << 6
	kindZero      = 0x80

	deviceShift = 24
	deviceMask  = 1<<deviceShift - 1
)

// Totals are the sums of what is below a directory, however deep.
type Totals struct {
	Bytes   uint64 // sizes of all regular files and hard links, each name counted in full
	Members uint64 // lengths of C of the contents that they have, each content counted once
	NonDirs uint32 // names that are not directories
}

// Record is the record of an entry. The values that its methods return are not checked.
type Record [RecordSize]byte

// AsRecord returns the record that b, of at least RecordSize bytes, begins with. It shares memory
// with b.
func AsRecord(b []byte) *Record { return (*Record)(b) }

// Offset returns the offset in the archive, or in the archives of a set, of the member with the tar
// header: H or G.
func (r *Record) Offset() int64 { return r.u48(recOffset) | int64(r[recHigh])<<48 }

// HeaderLen returns the length of H or G.
func (r *Record) HeaderLen() int32 { return int32(binary.LittleEndian.Uint16(r[recHeaderLen:])) }

// SetHeader sets Offset and HeaderLen.
func (r *Record) SetHeader(offset int64, length int32) {
	r.setWord(recOffset, offset&mask48, length)
	r[recHigh] = byte(offset >> 48)
}

// Size returns the size of a file or hard link, or the length of the text of a symbolic link.
func (r *Record) Size() int64 { return r.u48(recSize) }

// PadLen returns the length of P.
func (r *Record) PadLen() int32 { return int32(binary.LittleEndian.Uint16(r[recPadLen:])) }

// SetSize sets Size and PadLen.
func (r *Record) SetSize(size int64, padLen int32) { r.setWord(recSize, size, padLen) }

// Wide returns the number of 6 bytes whose meaning depends on the type: the length of C of a file,
// the offset of the text of a symbolic link, or the numbers of a device (see [SplitDevice]).
func (r *Record) Wide() int64 { return r.u48(recWide) }

// Sniff returns what the content looks like.
func (r *Record) Sniff() uint8 { return r[recSniff] }

// SetWide sets Wide and Sniff.
func (r *Record) SetWide(v int64, sniff uint8) {
	r.setWord(recWide, v, int32(sniff)|int32(r[recHigh])<<8)
}

// Totals returns what is below a directory.
func (r *Record) Totals() Totals {
	le := binary.LittleEndian
	return Totals{
		Bytes:   le.Uint64(r[recBytes:]),
		Members: le.Uint64(r[recMembers:]) & mask56,
		NonDirs: le.Uint32(r[recNonDirs:]),
	}
}

// SetTotals sets what is below a directory.
func (r *Record) SetTotals(t Totals) {
	high := r[recHigh]
	binary.LittleEndian.PutUint64(r[recBytes:], t.Bytes)
	binary.LittleEndian.PutUint64(r[recMembers:], t.Members)
	r[recHigh] = high
	binary.LittleEndian.PutUint32(r[recNonDirs:], t.NonDirs)
}

// ZeroInDir reports whether the bytes are zero that a directory does not use.
func (r *Record) ZeroInDir() bool { return binary.LittleEndian.Uint32(r[recDirZero:]) == 0 }

// Hash returns the xxHash64 of the content.
func (r *Record) Hash() uint64 { return binary.LittleEndian.Uint64(r[recHash:]) }

// SetHash sets Hash.
func (r *Record) SetHash(h uint64) { binary.LittleEndian.PutUint64(r[recHash:], h) }

// Narrow returns the number of 4 bytes whose meaning depends on the type: the CRC-32 of a file, the
// end of a directory, or the target of a hard link.
func (r *Record) Narrow() uint32 { return binary.LittleEndian.Uint32(r[recNarrow:]) }

// SetNarrow sets Narrow.
func (r *Record) SetNarrow(v uint32) { binary.LittleEndian.PutUint32(r[recNarrow:], v) }

// ModTime returns the modification time in seconds since 1970.
func (r *Record) ModTime() int64 {
	return int64(binary.LittleEndian.Uint64(r[recTime:])<<(64-bits40)) >> (64 - bits40)
}

// Mode returns the permission bits.
func (r *Record) Mode() uint16 { return binary.LittleEndian.Uint16(r[recMode:]) }

// Type returns the type of the entry.
func (r *Record) Type() uint8 { return r[recKind] & typeMask }

// Coding returns the coding of a file's content.
func (r *Record) Coding() uint8 { return r[recKind] >> codingShift & codingMask }

// Duplicate reports whether a hard link is marked as a duplicate.
func (r *Record) Duplicate() bool { return r[recKind]&duplicateFlag != 0 }

// SetAttributes sets ModTime, Mode, Type, Coding and Duplicate.
func (r *Record) SetAttributes(modTime int64, mode uint16, typ, coding uint8, duplicate bool) {
	kind := uint64(typ) | uint64(coding)<<codingShift
	if duplicate {
		kind |= duplicateFlag
	}
	word := uint64(modTime)&(1<<bits40-1) | uint64(mode)<<bits40 | kind<<56
	binary.LittleEndian.PutUint64(r[recTime:], word)
}

// ReservedZero reports whether the bits are zero that no type uses.
func (r *Record) ReservedZero() bool { return r[recKind]&kindZero == 0 }

// u48 returns the number of 6 bytes at an offset.
func (r *Record) u48(at int) int64 {
	return int64(binary.LittleEndian.Uint64(r[at:]) & mask48)
}

// setWord sets a u48 and the u16 after it.
func (r *Record) setWord(at int, v int64, after int32) {
	binary.LittleEndian.PutUint64(r[at:], uint64(v)|uint64(after)<<48)
}

// JoinDevice returns the numbers of a device as [Record.Wide] holds them.
func JoinDevice(major, minor uint32) int64 { return int64(major)<<deviceShift | int64(minor) }

// SplitDevice returns the numbers that JoinDevice joined.
func SplitDevice(v int64) (major, minor uint32) {
	return uint32(v >> deviceShift), uint32(v & deviceMask)
}
