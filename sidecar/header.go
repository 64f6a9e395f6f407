package sidecar

import (
	"fmt"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// header holds the decoded header.
type header struct {
	features    Features
	archiveSize int64
	entries     uint64
	stats       Stats
	all         []layout.Span                   // every section, in the order of the file
	sections    [layout.AllSections]layout.Span // without sums, the last ones are empty
	listsSum    layout.Sum                      // zero without sums
	digest      uint64
}

// hasSums reports whether the sidecar has SHA-256 sums.
func (h *header) hasSums() bool { return h.features.Optional&SHA256 != 0 }

// known returns how many of the sections that this program knows the sidecar has.
func (h *header) known() int {
	if h.hasSums() {
		return layout.AllSections
	}
	return layout.NumSections
}

// size returns the size of the sidecar: the end of the last section.
func (h *header) size() int64 { return h.all[len(h.all)-1].End() }

// parseHeader decodes and checks the header of a sidecar of size bytes: the digest, and that the
// sections lie within size and have the lengths that the number of entries requires.
func parseHeader(b *layout.Header, size int64) (*header, error) {
	if !b.HasMagic() {
		return nil, layout.Corruptf("it does not start with %q", layout.Magic)
	}
	if v := b.Version(); v < layout.OldestVersion || v > layout.Version {
		return nil, fmt.Errorf("%w: %d, this program knows %d", ErrVersion, v, layout.Version)
	}
	h := &header{
		archiveSize: int64(b.ArchiveSize()),
		entries:     b.Entries(),
		digest:      b.Digest(),
	}
	if d := b.Sum(); d != h.digest {
		if b.IsDraft() {
			return nil, ErrDraft
		}
		return nil, layout.Corruptf("header has digest %016x, states %016x", d, h.digest)
	}
	h.features.Required, h.features.Optional = b.Features()
	if err := h.features.Check(); err != nil {
		return nil, err
	}
	if h.archiveSize < layout.TrailerMember || h.archiveSize > h.maxSize() {
		return nil, layout.Corruptf("archive of size %d", uint64(h.archiveSize))
	}
	if h.entries > layout.MaxEntries {
		return nil, layout.Corruptf("%d entries", h.entries)
	}
	if !b.ReservedZero(h.hasSums()) && h.features.CheckWrite() == nil {
		return nil, layout.Corruptf("reserved bytes of the header are not zero")
	}
	if h.hasSums() {
		h.listsSum = b.ListsSum()
	}
	for i, n := range h.stats.fields() {
		*n = b.Stat(i)
	}
	if err := h.stats.check(h.entries); err != nil {
		return nil, err
	}
	if err := h.placeSections(b, size); err != nil {
		return nil, err
	}
	return h, h.checkLengths(size)
}

// maxSize returns how many bytes an archive, or all archives of a set, can have.
func (h *header) maxSize() int64 {
	if h.features.Optional&Set != 0 {
		return layout.MaxSetOffset
	}
	return layout.MaxOffset
}

// placeSections decodes the list of sections. It checks that they follow one another, and that they
// are those of this program. Others may come after them if they belong to a feature that this
// program does not know.
func (h *header) placeSections(b *layout.Header, size int64) error {
	n, known, most := int(b.NumSections()), h.known(), layout.MaxSections
	if h.hasSums() {
		most = layout.MaxSectionsWithSums
	}
	unknown := h.features.CheckWrite() != nil
	if n < known || n > most || n > known && !unknown {
		return layout.Corruptf("%d sections", b.NumSections())
	}
	next := int64(layout.HeaderSize)
	for i := range n {
		s := b.Section(i)
		if i < known && s.ID != uint8(i+1) {
			return layout.Corruptf("section %d stands where section %d should", s.ID, i+1)
		}
		if s.Off != next || next > size || uint64(s.Len) > uint64(size-next) {
			return layout.Corruptf("section %s at %d, %d bytes, in a file of %d bytes",
				layout.SectionName(s.ID), s.Off, uint64(s.Len), size)
		}
		h.all = append(h.all, s)
		next = layout.Aligned(s.End())
	}
	copy(h.sections[:known], h.all)
	if h.size() != size {
		return layout.Corruptf("file of size %d, its sections end at %d", size, h.size())
	}
	return nil
}

// checkLengths compares the lengths of the sections with the numbers of entries.
func (h *header) checkLengths(size int64) error {
	n, links := int64(h.entries), int64(h.stats.Symlinks)
	blocks, buckets := layout.NumBlocks(n), layout.Homes(n)
	limits := [layout.NumSections]struct{ min, max int64 }{
		layout.Records:    {n * layout.RecordSize, n * layout.RecordSize},
		layout.PathBlocks: {blocks * layout.BlockOffsetSize, blocks * layout.BlockOffsetSize},
		layout.Links:      {links, links * layout.MaxPath},
		layout.Segments:   {layout.SegmentCountSize, size},
		layout.Paths:      {blocks*layout.BlockHead + n, min(size, layout.MaxPaths)},
		layout.Table: {
			buckets * layout.BucketSize, (buckets + layout.MaxReach) * layout.BucketSize,
		},
	}
	for i, limit := range limits {
		if got := h.sections[i].Len; got < limit.min || got > limit.max {
			return layout.Corruptf("section %s of %d bytes for %d entries",
				layout.SectionNames[i], got, n)
		}
	}
	if got := h.sections[layout.Table].Len; got%layout.BucketSize != 0 {
		return layout.Corruptf("section %s of %d bytes", layout.SectionNames[layout.Table], got)
	}
	if h.hasSums() {
		return h.checkSumLengths()
	}
	return nil
}

// checkSumLengths compares the lengths of the sections of sums with the number of entries and with
// the places of the sections.
func (h *header) checkSumLengths() error {
	s := &h.sections
	if got := s[layout.MiBSums].Len; got < layout.MiBSumsAt(0) {
		return layout.Corruptf("section %s of %d bytes", layout.SectionNames[layout.MiBSums], got)
	}
	for _, want := range []struct {
		section int
		len     int64
	}{
		{layout.ContentSums, int64(h.entries) * layout.SumSize},
		{layout.BlockSums, layout.BlockSumsLen(s[layout.BlockSums].Off)},
		{layout.ListSums, layout.ListSumsLen(s[layout.BlockSums].Len)},
	} {
		if got := s[want.section].Len; got != want.len {
			return layout.Corruptf("section %s of %d bytes, it needs %d",
				layout.SectionNames[want.section], got, want.len)
		}
	}
	return nil
}
