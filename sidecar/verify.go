package sidecar

import (
	"bytes"
	"errors"
	"runtime/debug"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/totals"
)

// Verify checks the whole sidecar: the hash of each section; each record; that paths are valid, in
// order and in directories that are entries; that what an entry needs comes earlier in the archive;
// that the table leads to each entry; the statistics; and the totals of directories. Its errors
// wrap [ErrCorrupt], or are those of reading, or a [FeatureError]. A sidecar that passes is byte
// for byte one that package build makes.
//
// Verify reads every byte. Its memory does not depend on the number of entries: if there are many
// hard links, it sorts them in a temporary file. It does not compare the sidecar with its archive.
func (x *Index) Verify() error {
	if err := x.features.CheckWrite(); err != nil {
		return err
	}
	return x.VerifyKnown()
}

// VerifyKnown is Verify for an index that may have optional features which are not known. It does
// not look at their sections, except for the hashes.
func (x *Index) VerifyKnown() (err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	v := &verifier{x: x, sc: x.sequential(scanAhead), names: totals.NewNames("", namesMemory)}
	defer func() { err = errors.Join(err, v.names.Close()) }()
	for _, step := range []func() error{
		v.hashes, v.entries, v.counts, v.dirTotals, x.verifyTable, v.sums,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// namesMemory is the memory for hard links, in bytes.
const namesMemory = 16 << 20

// verifier holds the state of Verify.
type verifier struct {
	x    *Index
	sc   *scratch
	path []byte    // of the entry before
	dirs []openDir // the directories around the current entry, outermost first

	names     *totals.Names
	stats     Stats
	links     int64 // bytes of the texts of symbolic links
	segmented int64 // segmented files so far
	segments  int64 // their segments
	files     int64 // segmented files, as the section states them
}

// openDir is a directory around the current entry.
type openDir struct {
	ordinal uint32
	end     uint32
	pathLen int
	offset  int64 // of its header in the archive
}

// hashes checks the hashes of the sections and the gaps between them.
func (v *verifier) hashes() error {
	const step = 256 << 10
	var d xxhash.Digest
	var buf []byte
	for i, s := range v.x.all {
		d.Reset()
		for at := int64(0); at < s.Len; at += step {
			b, err := v.x.bytesAt(s.Off+at, min(step, s.Len-at), &buf)
			if err != nil {
				return err
			}
			d.Write(b)
		}
		if h := d.Sum64(); h != s.Hash {
			return layout.Corruptf("section %s has hash %016x, the header states %016x",
				layout.SectionName(s.ID), h, s.Hash)
		}
		if err := v.gap(i); err != nil {
			return err
		}
	}
	return nil
}

// gap checks that the bytes between section i and the next are zero.
func (v *verifier) gap(i int) error {
	if i == len(v.x.all)-1 {
		return nil
	}
	end := v.x.all[i].End()
	var gap [layout.Alignment]byte
	b := gap[:v.x.all[i+1].Off-end]
	if v.x.r == nil {
		copy(b, v.x.mem[end:])
	} else if err := layout.ReadFull(v.x.r, b, end); err != nil {
		return err
	}
	if gap != [layout.Alignment]byte{} {
		return layout.Corruptf("bytes after section %s are not zero",
			layout.SectionName(v.x.all[i].ID))
	}
	return nil
}

// entries checks all entries in order.
func (v *verifier) entries() (err error) {
	if v.files, err = v.x.numRows(layout.Segments, v.sc); err != nil {
		return err
	}
	for row, err := range v.x.All(0, v.x.Len()) {
		if err == nil {
			err = v.entry(&row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entry checks an entry for which All has found no error.
func (v *verifier) entry(row *Row) error {
	if err := validPath(row.Path); err != nil {
		return layout.Corruptf("entry %d: %v", row.Ordinal, err)
	}
	shared := layout.CommonPrefix(v.path, row.Path)
	if row.Ordinal > 0 && compareFrom(shared, v.path, row.Path) >= 0 {
		return layout.Corruptf("entry %d: %q does not come after %q", row.Ordinal, row.Path, v.path)
	}
	if err := v.parent(row, shared); err != nil {
		return err
	}
	v.path = append(v.path[:shared], row.Path[shared:]...)

	e := &row.Entry
	v.stats.Add(e)
	switch {
	case e.Type == TypeHardlink:
		return v.target(row)
	case e.Type == TypeSymlink:
		return v.link(row)
	case e.Coding == coding.Segmented:
		return v.segmentsOf(row)
	}
	return nil
}

// parent checks that an entry is in the directory that its path names, and that this directory
// comes earlier in the archive. Shared is what the path shares with that of the entry before.
func (v *verifier) parent(row *Row, shared int) error {
	n := len(v.dirs)
	for n > 0 && v.dirs[n-1].end <= uint32(row.Ordinal) {
		n--
	}
	v.dirs = v.dirs[:n]
	end := uint32(v.x.entries)
	length := max(bytes.LastIndexByte(row.Path, '/'), 0)
	if n > 0 {
		d := &v.dirs[n-1]
		end = d.end
		if d.pathLen != length || shared < length {
			return layout.Corruptf("entry %d, %q, is in directory %d",
				row.Ordinal, row.Path, d.ordinal)
		}
		if d.offset > row.Entry.Offset ||
			d.offset == row.Entry.Offset && row.Entry.Type == TypeFile {
			return layout.Corruptf("entry %d, %q, is earlier in the archive than its directory",
				row.Ordinal, row.Path)
		}
	} else if length != 0 {
		return layout.Corruptf("entry %d, %q, is in no directory", row.Ordinal, row.Path)
	}
	if e := &row.Entry; e.Type == TypeDir {
		if e.End > end {
			return layout.Corruptf("directory %d, in one that ends at entry %d, ends at %d",
				row.Ordinal, end, e.End)
		}
		v.dirs = append(v.dirs, openDir{uint32(row.Ordinal), e.End, len(row.Path), e.Offset})
	}
	return nil
}

// target checks that the target of a hard link comes earlier in the archive. All has found it to be
// a file.
func (v *verifier) target(row *Row) error {
	b, err := v.x.record(int64(row.Entry.Target), &v.sc.target)
	if err != nil {
		return err
	}
	t := layout.AsRecord(b)
	if t.Offset() >= row.Entry.Offset {
		return layout.Corruptf("entry %d, %q, is earlier in the archive than its target",
			row.Ordinal, row.Path)
	}
	if row.Entry.Duplicate {
		v.stats.SavedBytes += uint64(t.Wide())
	}
	return v.names.Add(row.Entry.Target, uint32(row.Ordinal), uint64(t.Wide()))
}

// link checks the text of a symbolic link.
func (v *verifier) link(row *Row) error {
	e := &row.Entry
	if e.linkOffset != v.links {
		return layout.Corruptf("entry %d has its link target at %d, not %d",
			row.Ordinal, e.linkOffset, v.links)
	}
	v.links += e.Size
	b, err := v.x.view(layout.Links, e.linkOffset, e.Size, &v.sc.text)
	if err != nil {
		return err
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return layout.Corruptf("entry %d has a link target with a NUL byte", row.Ordinal)
	}
	return nil
}

// segmentsOf checks the segments of a segmented file.
func (v *verifier) segmentsOf(row *Row) error {
	if v.segmented == v.files {
		return layout.Corruptf("entry %d is segmented, and has no segments", row.Ordinal)
	}
	r, err := v.x.rowAt(layout.Segments, v.segmented, &v.sc.bucket)
	if err != nil {
		return err
	}
	if r.Ordinal() != uint32(row.Ordinal) || r.Index() != uint64(v.segments) {
		return layout.Corruptf("entry %d: its segments are listed for entry %d, from %d on",
			row.Ordinal, r.Ordinal(), r.Index())
	}
	t, err := v.x.segmentRow(r, v.files, &row.Entry, row.Ordinal)
	if err != nil {
		return err
	}
	for k := range t.NumSegments {
		if _, err := t.End(k); err != nil {
			return err
		}
	}
	v.segmented++
	v.segments += int64(t.NumSegments)
	return nil
}

// counts checks the statistics and that no section has bytes left over.
func (v *verifier) counts() error {
	s := &v.x.sections
	segments := layout.SegmentsLen(v.files, v.segments)
	switch {
	case v.stats != v.x.stats:
		return layout.Corruptf("it counts %+v, there are %+v", v.x.stats, v.stats)
	case v.links != s[layout.Links].Len:
		return layout.Corruptf("link targets of %d bytes in a section of %d",
			v.links, s[layout.Links].Len)
	case v.segmented != v.files || s[layout.Segments].Len != segments:
		return layout.Corruptf("%d files with %d segments in a section of %d bytes",
			v.segmented, v.segments, s[layout.Segments].Len)
	}
	if len(v.path) == 0 { // no entries, no blocks
		if s[layout.Paths].Len != 0 {
			return layout.Corruptf("%d bytes of paths without entries", s[layout.Paths].Len)
		}
		return nil
	}
	from, _, err := v.x.blockSpan(0, v.sc)
	if err == nil && from != 0 {
		err = layout.Corruptf("paths begin at %d", from)
	}
	return err
}
