package sidecar

import (
	"bytes"
	"encoding/binary"
	"runtime/debug"

	"github.com/cespare/xxhash/v2"
)

// Verify checks all of the sidecar: the hash of each section; each record; that paths are valid, in order and in directories
// of their own; that what an entry needs is earlier in the archive; that the table leads to each entry; and the statistics.
// What it finds wraps [ErrCorrupt]. A sidecar that passes is byte for byte one that a [Builder] makes. It reads everything,
// and memory does not depend on the number of entries. Whether the sidecar agrees with its archive is another question.
func (x *Index) Verify() (err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	v := &verifier{x: x, sc: x.sequential(scanAhead)}
	for _, step := range []func() error{v.hashes, v.entries, v.totals, x.verifyTable} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// verifier is what Verify knows so far.
type verifier struct {
	x    *Index
	sc   *scratch
	path []byte // of the entry before
	dirs []openDir
	ends []uint32 // of dirs

	stats     Stats
	links     int64 // texts of symbolic links
	segmented int64 // files
	segments  uint64
	files     int64 // segmented ones, as the section has it
}

// hashes checks the sections as bytes, and the gaps between them.
func (v *verifier) hashes() error {
	const step = 256 << 10
	var d xxhash.Digest
	var buf buffer
	for i, s := range v.x.sections {
		d.Reset()
		for at := int64(0); at < s.len; at += step {
			b, err := v.x.view(i, at, min(step, s.len-at), &buf)
			if err != nil {
				return err
			}
			d.Write(b)
		}
		if h := d.Sum64(); h != s.hash {
			return corrupt("section %s has hash %016x, the header states %016x", sectionNames[i], h, s.hash)
		}
		if err := v.gap(i); err != nil {
			return err
		}
	}
	return nil
}

// gap checks the zeros between a section and the next.
func (v *verifier) gap(i int) error {
	if i == numSections-1 {
		return nil
	}
	s := v.x.sections[i]
	var gap [alignment]byte
	b := gap[:v.x.sections[i+1].off-s.off-s.len]
	if v.x.r == nil {
		copy(b, v.x.mem[s.off+s.len:])
	} else if err := readFull(v.x.r, b, s.off+s.len); err != nil {
		return err
	}
	if gap != [alignment]byte{} {
		return corrupt("bytes after section %s are not zero", sectionNames[i])
	}
	return nil
}

// entries checks all entries in order.
func (v *verifier) entries() (err error) {
	if v.files, err = v.x.segmentedFiles(v.sc); err != nil {
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

// entry checks an entry, beyond what All does.
func (v *verifier) entry(row *Row) error {
	if err := validPath(row.Path); err != nil {
		return corrupt("entry %d: %v", row.I, err)
	}
	shared := commonPrefix(v.path, row.Path)
	if row.I > 0 && !follows(v.path, row.Path, shared) {
		return corrupt("entry %d: %q does not come after %q", row.I, row.Path, v.path)
	}
	if err := v.parent(row, shared); err != nil {
		return err
	}
	v.path = append(v.path[:shared], row.Path[shared:]...)

	e := &row.Entry
	v.stats.add(e)
	switch {
	case e.Type == TypeHardlink:
		v.stats.LinkBytes += uint64(e.Size)
		return v.target(row)
	case e.Type == TypeSymlink:
		return v.link(row)
	case e.Coding == CodingSegmented:
		return v.segmentsOf(row)
	}
	return nil
}

// follows is true if path b, which shares so many bytes with a, comes after it.
func follows(a, b []byte, shared int) bool {
	switch {
	case shared == len(b):
		return false
	case shared == len(a):
		return true
	case a[shared] == '/' || b[shared] == '/':
		return a[shared] == '/'
	}
	return a[shared] < b[shared]
}

// parent checks that an entry is in the directory that its path names, and that this one lies earlier in the archive.
func (v *verifier) parent(row *Row, shared int) error {
	n := len(v.dirs)
	for n > 0 && v.ends[n-1] <= uint32(row.I) {
		n--
	}
	v.dirs, v.ends = v.dirs[:n], v.ends[:n]
	end := uint32(v.x.entries)
	length := max(bytes.LastIndexByte(row.Path, '/'), 0)
	if n > 0 {
		d := &v.dirs[n-1]
		end = v.ends[n-1]
		if d.keyLen != length || shared < length {
			return corrupt("entry %d, %q, is in directory %d", row.I, row.Path, d.ordinal)
		}
		if d.offset > row.Entry.Offset || d.offset == row.Entry.Offset && row.Entry.Type == TypeFile {
			return corrupt("entry %d, %q, is earlier in the archive than its directory", row.I, row.Path)
		}
	} else if length != 0 {
		return corrupt("entry %d, %q, is in no directory", row.I, row.Path)
	}
	if row.Entry.Type == TypeDir {
		if row.Entry.End > end {
			return corrupt("directory %d, in one that ends at entry %d, ends at %d", row.I, end, row.Entry.End)
		}
		v.dirs = append(v.dirs, openDir{uint32(row.I), len(row.Path), place{offset: row.Entry.Offset}})
		v.ends = append(v.ends, row.Entry.End)
	}
	return nil
}

// target checks that the target of a hard link, which All has found to be a file, lies earlier in the archive.
func (v *verifier) target(row *Row) error {
	b, err := v.x.view(secRecords, int64(row.Entry.Target)*recordSize, recordSize, &v.sc.target)
	if err != nil {
		return err
	}
	var t Entry
	t.decode(b)
	if t.Offset >= row.Entry.Offset {
		return corrupt("entry %d, %q, is earlier in the archive than its target", row.I, row.Path)
	}
	return nil
}

// link checks the text of a symbolic link.
func (v *verifier) link(row *Row) error {
	e := &row.Entry
	if e.linkOffset != v.links {
		return corrupt("entry %d has its link target at %d, not %d", row.I, e.linkOffset, v.links)
	}
	v.links += e.Size
	b, err := v.x.view(secLinks, e.linkOffset, e.Size, &v.sc.text)
	if err != nil {
		return err
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return corrupt("entry %d has a link target with a NUL byte", row.I)
	}
	return nil
}

// segmentsOf checks the segments of a segmented file.
func (v *verifier) segmentsOf(row *Row) error {
	if v.segmented == v.files {
		return corrupt("entry %d is segmented, and has no segments", row.I)
	}
	b, err := v.x.view(secSegments, segCount+v.segmented*segRow, segRow, &v.sc.bucket)
	if err != nil {
		return err
	}
	if o, n := binary.LittleEndian.Uint32(b[segOrdinal:]), binary.LittleEndian.Uint64(b[segIndex:]); o != uint32(row.I) || n != v.segments {
		return corrupt("entry %d: its segments are listed for entry %d, from %d on", row.I, o, n)
	}
	t, err := v.x.segmentRow(b, v.files, &row.Entry, row.I)
	if err != nil {
		return err
	}
	for k := range t.NumSegments {
		if _, err := t.End(k); err != nil {
			return err
		}
	}
	v.segmented++
	v.segments += uint64(t.NumSegments)
	return nil
}

// totals checks that nothing is left over, and the statistics.
func (v *verifier) totals() error {
	s := &v.x.sections
	switch {
	case v.stats != v.x.stats:
		return corrupt("it counts %+v, there are %+v", v.x.stats, v.stats)
	case v.links != s[secLinks].len:
		return corrupt("link targets of %d bytes in a section of %d", v.links, s[secLinks].len)
	case v.segmented != v.files || s[secSegments].len != segCount+v.files*segRow+int64(v.segments)*segEnd:
		return corrupt("%d files with %d segments in a section of %d bytes", v.segmented, v.segments, s[secSegments].len)
	}
	if len(v.path) == 0 { // no entries, no blocks
		if s[secPaths].len != 0 {
			return corrupt("%d bytes of paths without entries", s[secPaths].len)
		}
		return nil
	}
	from, _, err := v.x.blockSpan(0, v.sc)
	if err == nil && from != 0 {
		err = corrupt("paths begin at %d", from)
	}
	return err
}
