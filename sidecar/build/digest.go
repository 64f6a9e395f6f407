package build

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// digestPart is the number of entries whose hashes Digest holds at a time, 16 bytes each.
const digestPart = 1 << 20

// Digest returns the digest of the sidecar that a Builder makes of n items for an archive of
// archiveSize bytes. Its memory is bounded: 24 MiB, and 8 bytes for each segment. If there are many
// hard links or directories, it sorts them in temporary files. It is for an archive composed of
// parts of one that has an index.
//
// Items come in path order. Their End and Target are set, and for a hard link Size, Hash, Sniff and
// TargetLen, which Finish would find. Digest goes through them twice, and then once for each
// million of them, and they must be the same each time. It checks only their number and the order
// of the paths.
func Digest(
	items iter.Seq2[*Item, error], n int, archiveSize int64,
) (digest uint64, err error) {
	if archiveSize > layout.MaxOffset {
		return 0, fmt.Errorf("%w: an archive of %d bytes", ErrItem, archiveSize)
	}
	below := newDigestTotals()
	defer func() { err = errors.Join(err, below.close()) }()
	d := newDigester(n)
	if d.totals, err = below.run(items); err != nil {
		return 0, err
	}
	d.stats.SavedBytes = below.saved
	table := newHashedSection()
	t := layout.NewTableWriter(table.w, int64(n))
	parts := uint64(max(1, (n+digestPart-1)/digestPart))
	for part := range parts {
		if err := d.part(items, part, parts); err != nil {
			return 0, err
		}
		slices.SortFunc(d.pairs, hashPair.compare)
		for _, p := range d.pairs {
			if err := t.Add(p.hash, p.place); err != nil {
				return 0, err
			}
		}
	}
	if err := t.Finish(); err != nil {
		return 0, err
	}
	d.sections[layout.Table] = table
	return d.finish(archiveSize)
}

// hashPair is the hash of a path and its place. Places ascend as ordinals do.
type hashPair struct{ hash, place uint64 }

// compare orders pairs as the table does.
func (p hashPair) compare(q hashPair) int {
	return cmp.Or(cmp.Compare(p.hash, q.hash), cmp.Compare(p.place, q.place))
}

// hashedSection is a section that is hashed while it is written, and not stored.
type hashedSection struct {
	d xxhash.Digest
	w *layout.SectionWriter
}

func newHashedSection() *hashedSection {
	h := &hashedSection{}
	h.d.Reset()
	h.w = layout.NewSectionWriter(h, 0)
	return h
}

// WriteAt implements [io.WriterAt] for a SectionWriter, which writes in order.
func (h *hashedSection) WriteAt(p []byte, _ int64) (int, error) { return h.d.Write(p) }

// digester hashes all sections except the table.
type digester struct {
	entries   uint64
	stats     sidecar.Stats
	totals    *patcher // of the directories
	sections  [layout.NumSections]*hashedSection
	path      []byte // of the item before
	rows      []byte // of the section of segments
	ends      []byte
	segmented uint64
	pairs     []hashPair
}

func newDigester(n int) *digester {
	d := &digester{entries: uint64(n)}
	for i := range d.sections {
		d.sections[i] = newHashedSection()
	}
	return d
}

// part goes through the items. It keeps the pairs of one part of the range of hashes, so that the
// parts follow one another in the table. The first part fills all other sections.
func (d *digester) part(items iter.Seq2[*Item, error], part, parts uint64) error {
	d.pairs, d.path = d.pairs[:0], d.path[:0]
	var paths layout.PathWriter
	if part == 0 {
		paths.Paths, paths.Blocks = d.sections[layout.Paths].w, d.sections[layout.PathBlocks].w
	}
	n := uint64(0)
	for it, err := range items {
		if err != nil {
			return err
		}
		if n > 0 && sidecar.ComparePaths(string(d.path), it.Path) >= 0 {
			return fmt.Errorf("%w: %q comes after %q", ErrItem, it.Path, d.path)
		}
		if part == 0 {
			if err := d.item(it, uint32(n)); err != nil {
				return err
			}
		}
		shared := layout.CommonPrefix(d.path, []byte(it.Path))
		d.path = append(d.path[:shared], it.Path[shared:]...)
		place := paths.Add(shared, d.path)
		if h := xxhash.Sum64(d.path); uint64(layout.Home(h, int64(parts))) == part {
			d.pairs = append(d.pairs, hashPair{h, place})
		}
		n++
	}
	if n != d.entries {
		return fmt.Errorf("%w: %d items, %d were announced", ErrItem, n, d.entries)
	}
	paths.Flush()
	return nil
}

// item adds an item to the sections, except to those of paths.
func (d *digester) item(it *Item, ordinal uint32) error {
	e := it.Entry
	linkOffset := int64(0)
	switch {
	case e.Type == sidecar.TypeSymlink:
		links := d.sections[layout.Links].w
		e.Size, linkOffset = int64(len(it.Link)), links.Off()
		links.Write([]byte(it.Link))
	case e.Coding == coding.Segmented:
		d.addSegments(it, ordinal)
	}
	d.stats.Add(&e)
	r := layout.AsRecord(d.sections[layout.Records].w.Next(layout.RecordSize))
	putRecord(r, &e, linkOffset)
	_, err := d.totals.apply(r[:], int64(ordinal))
	return err
}

func (d *digester) addSegments(it *Item, ordinal uint32) {
	var row layout.SegmentRow
	row.Set(ordinal, it.Shift, uint64(len(d.ends)/layout.SegmentEndSize))
	d.rows = append(d.rows, row[:]...)
	d.segmented++
	end := uint64(0)
	for _, n := range it.Segments {
		end += uint64(n)
		d.ends = binary.LittleEndian.AppendUint64(d.ends, end)
	}
}

// finish places the sections and returns the digest of the header.
func (d *digester) finish(archiveSize int64) (uint64, error) {
	segments := d.sections[layout.Segments].w
	segments.Uint64(d.segmented)
	segments.Write(d.rows)
	segments.Write(d.ends)
	var spans [layout.NumSections]layout.Span
	at := int64(layout.HeaderSize)
	for i, s := range d.sections {
		if err := s.w.Flush(); err != nil {
			return 0, err
		}
		spans[i] = layout.Span{ID: uint8(i + 1), Off: at, Len: s.w.Off(), Hash: s.d.Sum64()}
		at = layout.Aligned(spans[i].End())
	}
	features := sidecar.Features{Required: sidecar.Final}
	return newHeader(features, archiveSize, d.entries, &d.stats, spans[:]).Digest(), nil
}
