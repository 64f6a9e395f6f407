package variants

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Version is the format version of a new file, and the only one that can be read.
const Version = 1

// Offsets in the header (FORMAT.md 7.1), in bytes.
const (
	magic = "TPKCODED"

	atMagic        = 0
	atVersion      = 8
	atFeatures     = 12 // u16 required, u16 optional; both 0 in version 1
	atArchive      = 16 // digest of the sidecar
	atArchiveSize  = 24
	atEntries      = 32
	atSize         = 40 // of this file
	atSets         = 48
	atDictionaries = 52
	atCodings      = 54
	atLevel        = 55
	atReserved     = 56
	atTables       = 64
	atUnused       = atTables + numTables*tableEntry // 160
	atDigest       = 248

	tableEntry = 24 // offset u64, length u64, xxHash64 u64

	headerSize = 256
	alignment  = 64 // of the tables
)

// The tables, in the order of the file.
const (
	dictionaryTable = iota
	entryTable
	setTable
	sumTable
	numTables
)

var tableNames = [numTables]string{"dictionaries", "entries", "sets", "sums"}

// Lengths of the rows of the tables, in bytes.
const (
	dictionaryRow = 96
	entryRow      = 4
	setRow        = SetRow
	sumRow        = 32
)

// SetRow is the length of the row of a set in bytes.
const SetRow = 64

// header is the first bytes of a file.
type header [headerSize]byte

func (h *header) u16(at int) uint16 { return binary.LittleEndian.Uint16(h[at:]) }
func (h *header) u32(at int) uint32 { return binary.LittleEndian.Uint32(h[at:]) }
func (h *header) u64(at int) uint64 { return binary.LittleEndian.Uint64(h[at:]) }

func (h *header) putU16(at int, v uint16) { binary.LittleEndian.PutUint16(h[at:], v) }
func (h *header) putU32(at int, v uint32) { binary.LittleEndian.PutUint32(h[at:], v) }
func (h *header) putU64(at int, v uint64) { binary.LittleEndian.PutUint64(h[at:], v) }

// table is the place of a table in the file, and its xxHash64.
type table struct {
	off, length int64
	hash        uint64
}

func (t table) end() int64 { return t.off + t.length }

// table returns table i as the header states it. The numbers are not checked.
func (h *header) table(i int) table {
	at := atTables + tableEntry*i
	return table{int64(h.u64(at)), int64(h.u64(at + 8)), h.u64(at + 16)}
}

func (h *header) putTable(i int, t table) {
	at := atTables + tableEntry*i
	h.putU64(at, uint64(t.off))
	h.putU64(at+8, uint64(t.length))
	h.putU64(at+16, t.hash)
}

// reservedZero reports whether all bytes are zero that version 1 does not use.
func (h *header) reservedZero() bool {
	return h.u64(atReserved) == 0 && [atDigest - atUnused]byte(h[atUnused:atDigest]) ==
		[atDigest - atUnused]byte{}
}

// sum returns the digest that the header should state.
func (h *header) sum() uint64 { return xxhash.Sum64(h[:atDigest]) }

func aligned(n int64) int64 { return (n + alignment - 1) &^ (alignment - 1) }

// placeSize is the length of a place: offset u48, dictionary u16, length u32, xxHash64 u64.
const placeSize = 20

// place is where encoded bytes are. A place without bytes is zero.
type place struct {
	off        int64
	length     int64
	hash       uint64
	dictionary uint16
}

func readPlace(b []byte) place {
	word := binary.LittleEndian.Uint64(b)
	return place{
		off: int64(word & (1<<48 - 1)), dictionary: uint16(word >> 48),
		length: int64(binary.LittleEndian.Uint32(b[8:])), hash: binary.LittleEndian.Uint64(b[12:]),
	}
}

func (p place) put(b []byte) {
	binary.LittleEndian.PutUint64(b, uint64(p.off)|uint64(p.dictionary)<<48)
	binary.LittleEndian.PutUint32(b[8:], uint32(p.length))
	binary.LittleEndian.PutUint64(b[12:], p.hash)
}

// Offsets in the row of a set (FORMAT.md 7.3).
const (
	atContentSize = 0 // u32
	atPlaces      = 4 // of each coding
)

// Offsets in the row of a dictionary (FORMAT.md 7.2).
const (
	atDictionarySum   = 0
	atKind            = 32
	atDictionaryPlace = 48
	atDictionaryBr    = 68
	atDictionaryZero  = 88
)
