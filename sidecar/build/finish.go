package build

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/internal/sorter"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/totals"
)

// Finish writes the sidecar of all items to dst, which is empty, for an archive of archiveSize
// bytes, trailer included. It returns the digest of the sidecar and its size in bytes. It neither
// syncs nor closes dst.
//
// Finish checks the rules about paths. The error wraps [ErrDuplicate], [ErrNoParent] or
// [ErrNoTarget] and names the path, or wraps [ErrItem] if an entry lies beyond the end of the
// archive. After any error the Builder cannot be used any more.
func (b *Builder) Finish(dst File, archiveSize int64) (digest uint64, size int64, err error) {
	if b.done {
		return 0, 0, errDone
	}
	b.done = true
	if archiveSize < layout.TrailerMember || archiveSize > b.opt.maxSize() ||
		b.end > archiveSize-layout.TrailerMember {
		return 0, 0, fmt.Errorf("%w: the last member ends at %d in an archive of %d bytes",
			ErrItem, b.end, archiveSize)
	}
	if b.opt.Set {
		if err := b.dropRepeated(); err != nil {
			return 0, 0, errors.Join(err, b.Close())
		}
	}
	f := newFinisher(b, dst, archiveSize)
	digest, err = f.run()
	err = errors.Join(err, f.close())
	return digest, f.placed()[len(f.placed())-1].End(), err
}

// finisher makes a sidecar from sorted items.
//
// It reads the items once, which yields all sections except the table. That leaves holes in the
// records that depend on later entries. The values for the holes, patches, are sorted by ordinal
// and filled in when the records are read back: the ends of directories and what hard links repeat
// of their targets, to count totals, and then the totals. Hard links need a second pass over the
// items, side by side with the targets of the links in order.
type finisher struct {
	b           *Builder
	dst         File
	archiveSize int64
	stats       sidecar.Stats
	sections    [layout.AllSections]layout.Span // see placed
	listsSum    layout.Sum

	records, links, segRows, segEnds *layout.SectionWriter
	paths                            layout.PathWriter

	pairs   *sorter.Sorter // hash and ordinal of each path, for the table
	refs    *sorter.Sorter // hard links by target
	names   *totals.Names  // of contents that have several
	patches *sorter.Sorter // by ordinal of the record: ends, and what links repeat
	totals  *sorter.Sorter // by ordinal of the record: totals of directories

	key  []byte // of the item before
	path []byte // the same, readable

	last     place // of that item
	lastType sidecar.Type

	dirs []openDirectory
	n    uint32 // items so far
	ends uint64 // segments so far
}

// openDirectory is a directory around the current item.
type openDirectory struct {
	ordinal uint32
	keyLen  int
	place
}

// place is the place of an entry in the archive.
type place struct {
	offset int64
	seq    uint64 // orders the entries whose headers share a member
	alone  bool   // a file: its header does not share a member
}

// before reports whether p comes earlier than q.
func (p place) before(q place) bool {
	return p.offset < q.offset || p.offset == q.offset && p.seq < q.seq && !p.alone && !q.alone
}

// place returns the place of the item.
func (v itemValue) place() place {
	return place{v.record().Offset(), v.seq(), v.typ() == sidecar.TypeFile}
}

// newFinisher places the sections, as far as their length is known.
func newFinisher(b *Builder, dst File, archiveSize int64) *finisher {
	n := int64(b.n)
	f := &finisher{b: b, dst: dst, archiveSize: archiveSize, stats: b.stats}
	s := &f.sections
	s[layout.Records].Len = n * layout.RecordSize
	s[layout.PathBlocks].Len = layout.NumBlocks(n) * layout.BlockOffsetSize
	s[layout.Links].Len = b.linkBytes
	s[layout.Segments].Len = layout.SegmentsLen(b.segmented, b.segments)
	for i := range s {
		s[i].ID = uint8(i + 1)
	}
	s[layout.Records].Off = layout.HeaderSize
	for i := layout.Records + 1; i <= layout.Paths; i++ {
		s[i].Off = layout.Aligned(s[i-1].End())
	}
	segEnds := s[layout.Segments].Off + layout.SegmentEndsAt(b.segmented)
	f.records = layout.NewSectionWriter(dst, s[layout.Records].Off)
	f.links = layout.NewSectionWriter(dst, s[layout.Links].Off)
	f.segRows = layout.NewSectionWriter(dst, s[layout.Segments].Off)
	f.segEnds = layout.NewSectionWriter(dst, segEnds)
	f.paths.Blocks = layout.NewSectionWriter(dst, s[layout.PathBlocks].Off)
	f.paths.Paths = layout.NewSectionWriter(dst, s[layout.Paths].Off)
	f.pairs = sorter.New(b.opt.TempDir, b.opt.Memory/4)
	f.refs = sorter.New(b.opt.TempDir, b.opt.Memory/16)
	f.names = totals.NewNames(b.opt.TempDir, b.opt.Memory/16)
	f.patches = sorter.New(b.opt.TempDir, b.opt.Memory/16)
	f.totals = sorter.New(b.opt.TempDir, b.opt.Memory/16)
	return f
}

// placed returns the sections that the sidecar has.
func (f *finisher) placed() []layout.Span {
	if f.b.opt.SHA256 {
		return f.sections[:]
	}
	return f.sections[:layout.NumSections]
}

// close releases memory and temporary files.
func (f *finisher) close() error {
	return errors.Join(f.pairs.Close(), f.refs.Close(), f.names.Close(), f.patches.Close(),
		f.totals.Close(), f.b.Close())
}

// run writes everything, the header last, and returns the digest.
func (f *finisher) run() (digest uint64, err error) {
	steps := []func() error{
		f.writeItems, f.resolveLinks, f.countTotals, f.writeTable, f.writeSums, f.hashSections,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return 0, err
		}
	}
	h := newHeader(f.b.features, f.archiveSize, f.b.n, &f.stats, f.placed())
	if f.b.opt.SHA256 {
		h.SetListsSum(f.listsSum)
		h.Seal()
	}
	_, err = f.dst.WriteAt(h[:], 0)
	return h.Digest(), err
}

// newHeader returns the header of a sidecar with n entries.
func newHeader(
	features sidecar.Features, archiveSize int64, n uint64, s *sidecar.Stats, sections []layout.Span,
) *layout.Header {
	h := layout.NewHeader()
	h.SetFeatures(features.Required, features.Optional)
	h.SetArchiveSize(archiveSize)
	h.SetEntries(n)
	for i, n := range [layout.NumStats]uint64{
		s.Files, s.Dirs, s.Symlinks, s.Hardlinks, s.Specials, s.Duplicates,
		s.FileBytes, s.LinkBytes, s.MemberBytes, s.SavedBytes,
	} {
		h.SetStat(i, n)
	}
	h.SetSections(sections)
	h.Seal()
	return h
}

// writeItems writes all sections in path order.
func (f *finisher) writeItems() error {
	items, err := f.b.sorted()
	if err != nil {
		return err
	}
	f.segRows.Uint64(uint64(f.b.segmented))
	for {
		key, val, ok, err := items.Next()
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
	f.paths.Flush()
	f.sections[layout.Paths].Len = f.paths.Len()
	for _, w := range []*layout.SectionWriter{
		f.records, f.links, f.segRows, f.segEnds, f.paths.Blocks, f.paths.Paths,
	} {
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// item writes the parts of an item that go into sections in path order.
func (f *finisher) item(key []byte, val itemValue) error {
	shared := layout.CommonPrefix(f.key, key)
	if shared == len(key) && shared == len(f.key) {
		return &DuplicateError{
			Path: string(f.path), Offsets: [2]int64{f.last.offset, val.place().offset},
			Types: [2]sidecar.Type{f.lastType, val.typ()},
		}
	}
	f.last, f.lastType = val.place(), val.typ()
	f.path = appendReadable(f.path[:shared], key[shared:])
	f.key = append(f.key[:shared], key[shared:]...)

	if err := f.enter(val, shared); err != nil {
		return err
	}
	b := f.records.Next(layout.RecordSize)
	copy(b, val.record()[:])
	r := layout.AsRecord(b)
	switch more := val.more(); {
	case val.typ() == sidecar.TypeSymlink:
		r.SetWide(f.links.Off()-f.sections[layout.Links].Off, 0)
		f.links.Write(more)
	case val.typ() == sidecar.TypeHardlink:
		if err := f.reference(more, val.place()); err != nil {
			return err
		}
	case coding.Coding(r.Coding()) == coding.Segmented:
		f.segmented(val.shift(), more)
	}

	pair, place, err := f.pairs.Add(pairSize, pairPlace)
	if err != nil {
		return err
	}
	putPair(pair, xxhash.Sum64(f.path), f.n)
	binary.LittleEndian.PutUint64(place, f.paths.Add(shared, f.path))
	if f.paths.Len() >= layout.MaxPaths {
		return fmt.Errorf("%w: the paths take more than %d bytes", ErrItem, int64(layout.MaxPaths))
	}
	f.n++
	return f.records.Err()
}

// enter leaves the directories that the item is not in. It checks that its directory has an entry,
// earlier in the archive. Shared is what the key shares with that of the item before.
func (f *finisher) enter(val itemValue, shared int) error {
	here := val.place()
	parent := max(bytes.LastIndexByte(f.key, 0), 0) // length of its path; 0 is the root
	open := len(f.dirs)
	for open > 0 {
		d := &f.dirs[open-1]
		if d.keyLen <= shared && d.keyLen < len(f.key) && f.key[d.keyLen] == 0 {
			break
		}
		open--
	}
	if err := f.closeDirs(open); err != nil {
		return err
	}
	if parent > 0 {
		if open == 0 || f.dirs[open-1].keyLen != parent {
			return fmt.Errorf("%w: %q: there is no directory %q",
				ErrNoParent, f.path, f.path[:parent])
		}
		if !f.b.opt.Unordered && !f.dirs[open-1].before(here) {
			return fmt.Errorf("%w: %q: the directory %q comes later",
				ErrNoParent, f.path, f.path[:parent])
		}
	}
	if val.typ() == sidecar.TypeDir {
		f.dirs = append(f.dirs, openDirectory{f.n, len(f.key), here})
	}
	return nil
}

// closeDirs ends all directories except the outermost few. Their last entry is the item before.
func (f *finisher) closeDirs(keep int) error {
	for _, d := range f.dirs[keep:] {
		val, err := patch(f.patches, d.ordinal, dirPatchSize)
		if err != nil {
			return err
		}
		dirPatch(val).set(f.n)
	}
	f.dirs = f.dirs[:keep]
	return nil
}

// segmented writes the segments of a file, given their lengths.
func (f *finisher) segmented(shift uint8, lengths []byte) {
	layout.AsSegmentRow(f.segRows.Next(layout.SegmentRowSize)).Set(f.n, shift, f.ends)
	end := uint64(0)
	for ; len(lengths) > 0; lengths = lengths[4:] {
		end += uint64(binary.LittleEndian.Uint32(lengths))
		f.segEnds.Uint64(end)
		f.ends++
	}
}
