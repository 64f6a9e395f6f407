package sidecar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Finish writes the sidecar of all items to dst, which is empty, for an archive of archiveSize bytes, trailer included. It
// gives the sidecar's digest and its size in bytes. It neither syncs nor closes dst.
//
// The rules about paths are checked here: the error wraps [ErrDuplicate], [ErrNoParent] or [ErrNoTarget] and names the path,
// or [ErrItem] if an entry lies beyond the end of the archive. Whatever the error, the Builder is done with.
func (b *Builder) Finish(dst File, archiveSize int64) (digest uint64, size int64, err error) {
	if b.done {
		return 0, 0, errDone
	}
	b.done = true
	if archiveSize < trailerMember || archiveSize > maxOffset || b.end > archiveSize-trailerMember {
		return 0, 0, fmt.Errorf("%w: the last member ends at %d in an archive of %d bytes", ErrItem, b.end, archiveSize)
	}
	f := newFinisher(b, dst, archiveSize)
	err = errors.Join(f.run(), f.close())
	return f.head.digest, f.head.size(), err
}

// finisher makes a sidecar of sorted items. The items are read once: that gives all sections but the table, and leaves
// holes in records that depend on entries yet to come. What belongs there is sorted by ordinal (patches), and put in when
// the records are read back to be hashed. Hard links need the items a second time, side by side with the links' targets in
// order.
type finisher struct {
	b    *Builder
	dst  File
	head header

	records, links, segRows, segEnds *sectionWriter
	paths                            pathWriter

	pairs   *sorter // hash and ordinal of each path, for the table
	refs    *sorter // hard links by target
	patches *sorter // of records, by ordinal

	key  []byte // of the item before
	path []byte // the same, readable
	dirs []openDir
	n    uint32 // items so far
	ends uint64 // segments so far
}

// openDir is a directory that the items are in.
type openDir struct {
	ordinal uint32
	keyLen  int
	place
}

// place tells which of two entries stands earlier in the archive.
type place struct {
	offset int64
	seq    uint64 // among those whose headers share a member, which a file does not do
	alone  bool   // it is a file
}

// before is true if p stands earlier than q.
func (p place) before(q place) bool {
	return p.offset < q.offset || p.offset == q.offset && p.seq < q.seq && !p.alone && !q.alone
}

// placeOf is the place of an entry, given its item's value.
func placeOf(e *Entry, val []byte) place {
	return place{e.Offset, binary.LittleEndian.Uint64(val[itemSeq:]), e.Type == TypeFile}
}

// newFinisher lays out the sections, as far as their length is known.
func newFinisher(b *Builder, dst File, archiveSize int64) *finisher {
	n := int64(b.seq)
	f := &finisher{b: b, dst: dst}
	f.head = header{archiveSize: archiveSize, entries: b.seq, stats: b.stats}
	s := &f.head.sections
	s[secRecords].len = n * recordSize
	s[secPathBlocks].len = pathBlocks(n) * 8
	s[secLinks].len = b.linkBytes
	s[secSegments].len = segCount + b.segmented*segRow + b.segments*segEnd
	s[secRecords].off = headerSize
	for i := secRecords + 1; i <= secPaths; i++ {
		s[i].off = aligned(s[i-1].off + s[i-1].len)
	}
	f.records = newSectionWriter(dst, s[secRecords].off)
	f.links = newSectionWriter(dst, s[secLinks].off)
	f.segRows = newSectionWriter(dst, s[secSegments].off)
	f.segEnds = newSectionWriter(dst, s[secSegments].off+segCount+b.segmented*segRow)
	f.paths.blocks = newSectionWriter(dst, s[secPathBlocks].off)
	f.paths.paths = newSectionWriter(dst, s[secPaths].off)
	f.pairs = newSorter(b.opt.TempDir, b.opt.Memory/4)
	f.refs = newSorter(b.opt.TempDir, b.opt.Memory/8)
	f.patches = newSorter(b.opt.TempDir, b.opt.Memory/8)
	return f
}

// close drops memory and temporary files.
func (f *finisher) close() error {
	return errors.Join(f.pairs.close(), f.refs.close(), f.patches.close(), f.b.Close())
}

// run writes everything, the header last.
func (f *finisher) run() error {
	for _, step := range []func() error{f.writeItems, f.resolveLinks, f.writeTable, f.hashSections} {
		if err := step(); err != nil {
			return err
		}
	}
	_, err := f.dst.WriteAt(f.head.encode(), 0)
	return err
}

// writeItems goes through the items in path order.
func (f *finisher) writeItems() error {
	items, err := f.b.items.iterate()
	if err != nil {
		return err
	}
	f.segRows.uint64(uint64(f.b.segmented))
	for {
		key, val, ok, err := items.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := f.item(key, val); err != nil {
			return err
		}
	}
	if err := f.closeDirs(0); err != nil {
		return err
	}
	f.paths.flush()
	f.head.sections[secPaths].len = f.paths.off
	for _, w := range []*sectionWriter{f.records, f.links, f.segRows, f.segEnds, f.paths.blocks, f.paths.paths} {
		if err := w.flush(); err != nil {
			return err
		}
	}
	return nil
}

// item writes all of an item that goes into sections in path order.
func (f *finisher) item(key, val []byte) error {
	shared := commonPrefix(f.key, key)
	if shared == len(key) && shared == len(f.key) {
		return fmt.Errorf("%w: %q", ErrDuplicate, f.path)
	}
	f.path = appendReadable(f.path[:shared], key[shared:])
	f.key = append(f.key[:shared], key[shared:]...)

	var e Entry
	e.decode(val[itemRecord:itemShift])
	here := placeOf(&e, val)
	if err := f.enter(&e, here, shared); err != nil {
		return err
	}
	switch more := val[itemMore:]; {
	case e.Type == TypeSymlink:
		e.linkOffset = f.links.off - f.head.sections[secLinks].off
		f.links.write(more)
	case e.Type == TypeHardlink:
		if err := f.reference(more, here); err != nil {
			return err
		}
	case e.Coding == CodingSegmented:
		f.segmented(val[itemShift], more)
	}
	e.encode(f.records.next(recordSize))

	pair, place, err := f.pairs.add(pairSize, pairPlace)
	if err != nil {
		return err
	}
	putPair(pair, xxhash.Sum64(f.path), f.n)
	binary.LittleEndian.PutUint64(place, f.paths.add(shared, f.path))
	if f.paths.off >= maxPaths {
		return fmt.Errorf("%w: the paths take more than %d bytes", ErrItem, int64(maxPaths))
	}
	f.n++
	return f.records.err
}

// enter leaves the directories that the item is not in, and checks that the one it is in is there, earlier in the archive.
func (f *finisher) enter(e *Entry, here place, shared int) error {
	parent := max(bytes.LastIndexByte(f.key, 0), 0) // length of its path; 0 is the root
	open := len(f.dirs)
	for open > 0 {
		if d := &f.dirs[open-1]; d.keyLen <= shared && d.keyLen < len(f.key) && f.key[d.keyLen] == 0 {
			break
		}
		open--
	}
	if err := f.closeDirs(open); err != nil {
		return err
	}
	if parent > 0 {
		if open == 0 || f.dirs[open-1].keyLen != parent {
			return fmt.Errorf("%w: %q: there is no directory %q", ErrNoParent, f.path, f.path[:parent])
		}
		if !f.b.opt.Unordered && !f.dirs[open-1].before(here) {
			return fmt.Errorf("%w: %q: the directory %q comes later", ErrNoParent, f.path, f.path[:parent])
		}
	}
	if e.Type == TypeDir {
		f.dirs = append(f.dirs, openDir{f.n, len(f.key), here})
	}
	return nil
}

// closeDirs ends all directories but the outermost few: their last entry is the one before.
func (f *finisher) closeDirs(keep int) error {
	for _, d := range f.dirs[keep:] {
		val, err := f.patch(d.ordinal, patchDir)
		if err != nil {
			return err
		}
		binary.LittleEndian.PutUint32(val, f.n)
	}
	f.dirs = f.dirs[:keep]
	return nil
}

// segmented writes the segments of a file, given their lengths.
func (f *finisher) segmented(shift uint8, lengths []byte) {
	row := f.segRows.next(segRow)
	binary.LittleEndian.PutUint64(row[segOrdinal:], uint64(f.n)|uint64(shift)<<32)
	binary.LittleEndian.PutUint64(row[segIndex:], f.ends)
	end := uint64(0)
	for ; len(lengths) > 0; lengths = lengths[4:] {
		end += uint64(binary.LittleEndian.Uint32(lengths))
		f.segEnds.uint64(end)
		f.ends++
	}
}

// commonPrefix is the number of bytes that a and b share at their beginnings.
func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if binary.LittleEndian.Uint64(a[i:]) != binary.LittleEndian.Uint64(b[i:]) {
			break
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
