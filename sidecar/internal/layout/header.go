package layout

import (
	"encoding/binary"
	"strconv"

	"github.com/cespare/xxhash/v2"
)

// Version is the format version of a new sidecar, and OldestVersion the oldest that can be read.
const (
	Version       = 1
	OldestVersion = 1
)

// Offsets in the header (FORMAT.md 2.1), in bytes.
const (
	// Magic is what every sidecar starts with.
	Magic = "TPKINDEX"

	atMagic       = 0
	atVersion     = 8
	atRequired    = 12
	atOptional    = 14
	atArchiveSize = 16
	atEntries     = 24
	atStats       = 32
	atNumSections = 112
	atReserved    = 116
	atSections    = 120
	atListsSum    = 472 // only with sums: SHA-256 of the section of list sums
	atDigest      = 504

	sectionEntry = 24 // offset u56, id u8, length u64, hash u64

	// HeaderSize is the length of the header, where the first section starts.
	HeaderSize = 512
	// MaxSections is the number of sections that the header has room for.
	MaxSections = 16
	// Alignment is the unit of section offsets: one cache line.
	Alignment = 64
)

// NumStats is the number of statistics in the header: six counts of entries, in the order files,
// directories, symbolic links, hard links, FIFOs and devices, duplicates; then four sums of bytes,
// in the order files, hard links, content members, and content members that duplicates save.
const NumStats = 10

// The sections that every sidecar has, in the order of the file. The id of each is one more. Those
// whose length is known before the paths are sorted come first, so that all of them can be written
// side by side.
const (
	Records = iota
	PathBlocks
	Links
	Segments
	Paths
	Table
	NumSections
)

// The sections that a sidecar with SHA-256 sums has behind those.
const (
	ContentSums = NumSections + iota
	MiBSums
	BlockSums
	ListSums
	AllSections
)

// SectionNames has the names of the sections, for messages.
var SectionNames = [AllSections]string{
	"records", "path blocks", "link targets", "segments", "paths", "table",
	"content sums", "MiB sums", "block sums", "list sums",
}

// SectionName returns the name of the section with an id, for messages.
func SectionName(id uint8) string {
	if i := int(id) - 1; i >= 0 && i < len(SectionNames) {
		return SectionNames[i]
	}
	return strconv.Itoa(int(id))
}

// Span is the place of a section in the sidecar, in bytes, and its xxHash64.
type Span struct {
	ID       uint8
	Off, Len int64
	Hash     uint64
}

// End returns the offset of the first byte after the section.
func (s Span) End() int64 { return s.Off + s.Len }

// Aligned returns n rounded up to an offset where a section may start.
func Aligned(n int64) int64 { return (n + Alignment - 1) &^ (Alignment - 1) }

// Header is the header of a sidecar.
type Header [HeaderSize]byte

// NewHeader returns a header with its magic and version.
func NewHeader() *Header {
	h := new(Header)
	copy(h[atMagic:], Magic)
	binary.LittleEndian.PutUint32(h[atVersion:], Version)
	return h
}

// HasMagic reports whether h starts with [Magic].
func (h *Header) HasMagic() bool { return string(h[atMagic:atVersion]) == Magic }

// Version returns the format version.
func (h *Header) Version() uint32 { return binary.LittleEndian.Uint32(h[atVersion:]) }

// Features returns the two sets of features, a bit each.
func (h *Header) Features() (required, optional uint16) {
	return binary.LittleEndian.Uint16(h[atRequired:]), binary.LittleEndian.Uint16(h[atOptional:])
}

// SetFeatures sets the two sets of features.
func (h *Header) SetFeatures(required, optional uint16) {
	binary.LittleEndian.PutUint16(h[atRequired:], required)
	binary.LittleEndian.PutUint16(h[atOptional:], optional)
}

// NumSections returns the number of sections, which may exceed MaxSections.
func (h *Header) NumSections() uint32 { return binary.LittleEndian.Uint32(h[atNumSections:]) }

// ArchiveSize returns the size of the archive in bytes.
func (h *Header) ArchiveSize() uint64 { return binary.LittleEndian.Uint64(h[atArchiveSize:]) }

// SetArchiveSize sets the size of the archive in bytes.
func (h *Header) SetArchiveSize(n int64) {
	binary.LittleEndian.PutUint64(h[atArchiveSize:], uint64(n))
}

// Entries returns N.
func (h *Header) Entries() uint64 { return binary.LittleEndian.Uint64(h[atEntries:]) }

// SetEntries sets N.
func (h *Header) SetEntries(n uint64) { binary.LittleEndian.PutUint64(h[atEntries:], n) }

// Stat returns statistic i, 0 to NumStats − 1.
func (h *Header) Stat(i int) uint64 { return binary.LittleEndian.Uint64(h[atStats+8*i:]) }

// SetStat sets statistic i, 0 to NumStats − 1.
func (h *Header) SetStat(i int, n uint64) { binary.LittleEndian.PutUint64(h[atStats+8*i:], n) }

// Section returns the section at place i of the list, 0 to MaxSections − 1, as the header states
// it. The numbers are not checked: Len may be negative.
func (h *Header) Section(i int) Span {
	b := h[atSections+sectionEntry*i:]
	le := binary.LittleEndian
	return Span{b[7], int64(le.Uint64(b) & mask56), int64(le.Uint64(b[8:])), le.Uint64(b[16:])}
}

// SetSections sets the list of sections, at most MaxSections.
func (h *Header) SetSections(sections []Span) {
	binary.LittleEndian.PutUint32(h[atNumSections:], uint32(len(sections)))
	for i, s := range sections {
		b := h[atSections+sectionEntry*i:]
		binary.LittleEndian.PutUint64(b, uint64(s.Off)|uint64(s.ID)<<56)
		binary.LittleEndian.PutUint64(b[8:], uint64(s.Len))
		binary.LittleEndian.PutUint64(b[16:], s.Hash)
	}
}

// MaxSectionsWithSums is the number of sections that a header with [Header.ListsSum] has room for.
const MaxSectionsWithSums = (atListsSum - atSections) / sectionEntry

// ListsSum returns the SHA-256 of the section of list sums. Only a sidecar with sums has it.
func (h *Header) ListsSum() Sum { return Sum(h[atListsSum:atDigest]) }

// SetListsSum sets the SHA-256 of the section of list sums.
func (h *Header) SetListsSum(s Sum) { copy(h[atListsSum:atDigest], s[:]) }

// ReservedZero reports whether all bytes are zero that the format reserves, and those of the list
// that no section uses. With sums, ListsSum is not one of them.
func (h *Header) ReservedZero(sums bool) bool {
	used, end := min(h.NumSections(), MaxSections), atDigest
	if sums {
		used, end = min(used, MaxSectionsWithSums), atListsSum
	}
	for _, b := range [][]byte{
		h[atReserved:atSections], h[atSections+sectionEntry*used : end],
	} {
		for _, c := range b {
			if c != 0 {
				return false
			}
		}
	}
	return true
}

// IsDraft reports whether a draft of the format wrote the header. Its digest was at another place.
func (h *Header) IsDraft() bool {
	const at = 304
	return binary.LittleEndian.Uint64(h[at:]) == xxhash.Sum64(h[:at])
}

// Digest returns the digest that the header states.
func (h *Header) Digest() uint64 { return binary.LittleEndian.Uint64(h[atDigest:]) }

// Sum returns the digest that the header should state: the xxHash64 of all bytes before it.
func (h *Header) Sum() uint64 { return xxhash.Sum64(h[:atDigest]) }

// Seal sets the digest, after all other fields, and returns it.
func (h *Header) Seal() uint64 {
	d := h.Sum()
	binary.LittleEndian.PutUint64(h[atDigest:], d)
	return d
}
