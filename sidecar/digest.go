package sidecar

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// digestPart is how many entries' hashes Digest holds at a time, 16 bytes each.
const digestPart = 1 << 20

// Digest gives the digest of the sidecar that a Builder makes of n items for an archive of archiveSize bytes, without
// making it: nothing is written, and memory is bounded (16 MiB, and 8 bytes for each segment). It is for archives put
// together from parts of one that is indexed already.
//
// Items come in path order, and what Finish would find is set: End, Target, and of a hard link Size, Hash and Sniff. They
// are gone through once for every million of them, and must be the same each time. Only their number and the order
// of the paths are checked.
func Digest(items iter.Seq2[*Item, error], n int, archiveSize int64) (uint64, error) {
	d := newDigester(n, archiveSize)
	table := newHashing()
	t := newTableWriter(table.w, int64(n))
	parts := uint64(max(1, (n+digestPart-1)/digestPart))
	for part := range parts {
		if err := d.part(items, part, parts); err != nil {
			return 0, err
		}
		slices.SortFunc(d.pairs, hashPair.compare)
		for _, p := range d.pairs {
			if err := t.add(p.hash, p.place); err != nil {
				return 0, err
			}
		}
	}
	if err := t.finish(); err != nil {
		return 0, err
	}
	d.sections[secTable] = table
	return d.finish()
}

// hashPair is an entry as the table orders them.
type hashPair struct {
	hash, place uint64 // places ascend as ordinals do
}

func (p hashPair) compare(q hashPair) int {
	return cmp.Or(cmp.Compare(p.hash, q.hash), cmp.Compare(p.place, q.place))
}

// hashing is a section that is hashed as it is written, and kept nowhere.
type hashing struct {
	d xxhash.Digest
	w *sectionWriter
}

func newHashing() *hashing {
	h := &hashing{}
	h.d.Reset()
	h.w = newSectionWriter(h, 0)
	return h
}

// WriteAt implements io.WriterAt for a sectionWriter, which writes one byte after the other.
func (h *hashing) WriteAt(p []byte, _ int64) (int, error) { return h.d.Write(p) }

// digester puts the sections together, but for the table.
type digester struct {
	head      header
	sections  [numSections]*hashing
	path      []byte
	rows      []byte // of the section of segments
	ends      []byte
	segmented uint64
	pairs     []hashPair
}

func newDigester(n int, archiveSize int64) *digester {
	d := &digester{head: header{archiveSize: archiveSize, entries: uint64(n)}}
	for i := range d.sections {
		d.sections[i] = newHashing()
	}
	return d
}

// part goes through the items. It keeps the pairs of one part of the table, that of the hash among all hashes, so that
// parts follow one another in it; and the first time it fills all other sections.
func (d *digester) part(items iter.Seq2[*Item, error], part, parts uint64) error {
	d.pairs, d.path = d.pairs[:0], d.path[:0]
	var paths pathWriter
	if part == 0 {
		paths.paths, paths.blocks = d.sections[secPaths].w, d.sections[secPathBlocks].w
	}
	n := uint64(0)
	for it, err := range items {
		if err != nil {
			return err
		}
		if n > 0 && ComparePaths(string(d.path), it.Path) >= 0 {
			return fmt.Errorf("%w: %q comes after %q", ErrItem, it.Path, d.path)
		}
		if part == 0 {
			d.item(it, uint32(n))
		}
		shared := commonPrefix(d.path, []byte(it.Path))
		d.path = append(d.path[:shared], it.Path[shared:]...)
		place := paths.add(shared, d.path)
		if h := xxhash.Sum64(d.path); uint64(home(h, int64(parts))) == part {
			d.pairs = append(d.pairs, hashPair{h, place})
		}
		n++
	}
	if n != d.head.entries {
		return fmt.Errorf("%w: %d items, %d were announced", ErrItem, n, d.head.entries)
	}
	paths.flush()
	return nil
}

// item adds an item to the sections, but for those of its path.
func (d *digester) item(it *Item, ordinal uint32) {
	e := it.Entry
	d.head.stats.add(&e)
	switch {
	case e.Type == TypeSymlink:
		links := d.sections[secLinks].w
		e.Size, e.linkOffset = int64(len(it.Link)), links.off
		links.write([]byte(it.Link))
	case e.Type == TypeHardlink:
		d.head.stats.LinkBytes += uint64(e.Size)
	case e.Coding == CodingSegmented:
		d.addSegments(it, ordinal)
	}
	e.encode(d.sections[secRecords].w.next(recordSize))
}

func (d *digester) addSegments(it *Item, ordinal uint32) {
	le := binary.LittleEndian
	d.rows = le.AppendUint64(d.rows, uint64(ordinal)|uint64(it.Shift)<<segShift)
	d.rows = le.AppendUint64(d.rows, uint64(len(d.ends)/segEnd))
	d.segmented++
	end := uint64(0)
	for _, n := range it.Segments {
		end += uint64(n)
		d.ends = le.AppendUint64(d.ends, end)
	}
}

// finish lays the sections out and hashes the header.
func (d *digester) finish() (uint64, error) {
	segments := d.sections[secSegments].w
	segments.uint64(d.segmented)
	segments.write(d.rows)
	segments.write(d.ends)
	at := int64(headerSize)
	for i, s := range d.sections {
		if err := s.w.flush(); err != nil {
			return 0, err
		}
		d.head.sections[i] = span{at, s.w.off, s.d.Sum64()}
		at = aligned(at + s.w.off)
	}
	d.head.encode()
	return d.head.digest, nil
}
