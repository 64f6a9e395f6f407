package sidecar

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Version is the format version that this package writes, and OldestVersion the oldest that it reads.
const (
	Version       = 1
	OldestVersion = 1
)

// The header (FORMAT.md 2.1), offsets in bytes.
const (
	magic = "TPKINDEX"

	atMagic       = 0
	atVersion     = 8
	atNumSections = 12
	atArchiveSize = 16
	atEntries     = 24
	atCounts      = 32 // 6 × u64: files, directories, symbolic links, hard links, specials, duplicates
	atFileBytes   = 80
	atLinkBytes   = 88
	atMemberBytes = 96
	atReserved    = 104
	atSections    = 160 // 6 × { offset, length, hash }
	atDigest      = 304 // = atSections + numSections × sectionEntry
	atTail        = 312
	headerSize    = 320 // = atTail + 8, a multiple of alignment

	sectionEntry = 24
	alignment    = 64
)

// The sections, in the order of the file. Those of a length that is known before the paths are sorted come first, so
// that all can be written side by side.
const (
	secRecords = iota
	secPathBlocks
	secLinks
	secSegments
	secPaths
	secTable
	numSections
)

var sectionNames = [numSections]string{"records", "path blocks", "link targets", "segments", "paths", "table"}

// Limits (FORMAT.md section 4).
const (
	maxEntries   = 1<<32 - 2
	maxOffset    = 1<<48 - 1
	maxMember    = 1<<16 - 1 // length of H, G and P
	maxPath      = 16384
	maxComponent = 255
	maxTime      = 1<<39 - 1
	minTime      = -1 << 39
	maxDevice    = 1<<21 - 1

	minShift   = 20
	maxShift   = 31
	shortShift = 23     // up to this one a segment's length takes 3 bytes in the archive
	maxTable   = 16_000 // bytes of such lengths

	memberOverhead = 18 // gzip header and trailer around a deflate stream
	minMember      = memberOverhead + 2
	trailerMember  = 64 // length of T
	tarBlock       = 512
	storedBlock    = 65535
	maxExpansion   = 1032 // deflate: 258 bytes for 2 bits
	emptyHash      = 0xef46db3751d8e999
)

// span is where a section lies, in bytes of the sidecar, and its hash.
type span struct {
	off, len int64
	hash     uint64
}

// header is the decoded header.
type header struct {
	archiveSize int64
	entries     uint64
	stats       Stats
	sections    [numSections]span
	digest      uint64
}

// aligned is n rounded up to where a section may start.
func aligned(n int64) int64 { return (n + alignment - 1) &^ (alignment - 1) }

// size of the sidecar: where the last section ends.
func (h *header) size() int64 {
	s := h.sections[numSections-1]
	return s.off + s.len
}

// encode sets the digest and gives the bytes of the header.
func (h *header) encode() []byte {
	le := binary.LittleEndian
	b := make([]byte, headerSize)
	copy(b[atMagic:], magic)
	le.PutUint32(b[atVersion:], Version)
	le.PutUint32(b[atNumSections:], numSections)
	le.PutUint64(b[atArchiveSize:], uint64(h.archiveSize))
	le.PutUint64(b[atEntries:], h.entries)
	for i, n := range h.stats.counts() {
		le.PutUint64(b[atCounts+8*i:], *n)
	}
	le.PutUint64(b[atFileBytes:], h.stats.FileBytes)
	le.PutUint64(b[atLinkBytes:], h.stats.LinkBytes)
	le.PutUint64(b[atMemberBytes:], h.stats.MemberBytes)
	for i, s := range h.sections {
		p := b[atSections+sectionEntry*i:]
		le.PutUint64(p, uint64(s.off))
		le.PutUint64(p[8:], uint64(s.len))
		le.PutUint64(p[16:], s.hash)
	}
	h.digest = xxhash.Sum64(b[:atDigest])
	le.PutUint64(b[atDigest:], h.digest)
	return b
}

// parseHeader decodes and checks the header of a sidecar of size bytes. Its digest is checked; the sections lie within
// the size and have the lengths that the number of entries asks for.
func parseHeader(b []byte, size int64) (*header, error) {
	le := binary.LittleEndian
	if string(b[atMagic:atVersion]) != magic {
		return nil, corrupt("it does not start with %q", magic)
	}
	if v := le.Uint32(b[atVersion:]); v < OldestVersion || v > Version {
		return nil, fmt.Errorf("%w: %d, this program knows %d", ErrVersion, v, Version)
	}
	h := &header{
		archiveSize: int64(le.Uint64(b[atArchiveSize:])),
		entries:     le.Uint64(b[atEntries:]),
		digest:      le.Uint64(b[atDigest:]),
	}
	if d := xxhash.Sum64(b[:atDigest]); d != h.digest {
		return nil, corrupt("header has digest %016x, states %016x", d, h.digest)
	}
	if n := le.Uint32(b[atNumSections:]); n != numSections {
		return nil, corrupt("%d sections", n)
	}
	if h.archiveSize < trailerMember || h.archiveSize > maxOffset {
		return nil, corrupt("archive of %d bytes", uint64(h.archiveSize))
	}
	if h.entries > maxEntries {
		return nil, corrupt("%d entries", h.entries)
	}
	for _, p := range [][]byte{b[atReserved:atSections], b[atTail:headerSize]} {
		for _, c := range p {
			if c != 0 {
				return nil, corrupt("reserved bytes of the header are not zero")
			}
		}
	}
	for i, n := range h.stats.counts() {
		*n = le.Uint64(b[atCounts+8*i:])
	}
	h.stats.FileBytes = le.Uint64(b[atFileBytes:])
	h.stats.LinkBytes = le.Uint64(b[atLinkBytes:])
	h.stats.MemberBytes = le.Uint64(b[atMemberBytes:])
	if err := h.stats.check(h.entries); err != nil {
		return nil, err
	}
	return h, h.parseSections(b[atSections:atDigest], size)
}

// parseSections decodes the list of sections and checks each one's place and length.
func (h *header) parseSections(b []byte, size int64) error {
	le := binary.LittleEndian
	next := int64(headerSize)
	for i := range h.sections {
		off, length := le.Uint64(b), le.Uint64(b[8:])
		if off != uint64(next) || length > uint64(size-next) {
			return corrupt("section %s at %d, %d bytes, in a file of %d bytes", sectionNames[i], off, length, size)
		}
		h.sections[i] = span{int64(off), int64(length), le.Uint64(b[16:])}
		next = aligned(int64(off + length))
		if i < numSections-1 && next > size {
			return corrupt("file of %d bytes ends in section %s", size, sectionNames[i])
		}
		b = b[sectionEntry:]
	}
	if h.size() != size {
		return corrupt("file of %d bytes, its sections end at %d", size, h.size())
	}
	n := int64(h.entries)
	for _, c := range []struct {
		sec      int
		min, max int64
	}{
		{secRecords, n * recordSize, n * recordSize},
		{secPathBlocks, pathBlocks(n) * 8, pathBlocks(n) * 8},
		{secLinks, int64(h.stats.Symlinks), int64(h.stats.Symlinks) * maxPath},
		{secSegments, 8, size},
		{secPaths, pathBlocks(n)*blockHead + n, min(size, maxPaths)},
		{secTable, homes(n) * bucketSize, (homes(n) + maxReach) * bucketSize},
	} {
		if got := h.sections[c.sec].len; got < c.min || got > c.max {
			return corrupt("section %s of %d bytes for %d entries", sectionNames[c.sec], got, n)
		}
	}
	if h.sections[secTable].len%bucketSize != 0 {
		return corrupt("section %s of %d bytes", sectionNames[secTable], h.sections[secTable].len)
	}
	return nil
}
