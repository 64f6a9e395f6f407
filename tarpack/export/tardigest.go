package export

import (
	"fmt"
	"iter"
	"sort"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
)

// computeDigest returns the digest of the sidecar that the export would have. It reads all entries
// of the folder, which takes half a second for a million. So it is called only when the trailer is
// read, and its result is kept.
func (t *tarLayout) computeDigest() (uint64, error) {
	return build.Digest(t.items(), t.entries, t.size+format.EndSize)
}

// items yields the entries of the export as its sidecar has them.
func (t *tarLayout) items() iter.Seq2[*build.Item, error] {
	return func(yield func(*build.Item, error) bool) {
		var it build.Item
		for _, dir := range t.parentPaths {
			if err := t.parentItem(&it, dir); !yield(&it, err) || err != nil {
				return
			}
		}
		for row, err := range t.d.rows(0) {
			if err == nil {
				err = t.item(&it, &row)
			}
			if !yield(&it, err) || err != nil {
				return
			}
		}
	}
}

// parentItem sets it to a directory above the folder. The directory has all of the export below it.
func (t *tarLayout) parentItem(it *build.Item, dir string) error {
	i, _, err := t.d.x.Lookup(dir)
	if err != nil {
		return err
	}
	e, err := t.d.x.Entry(i)
	if err != nil {
		return err
	}
	p := t.parentLocations[dir]
	e.Offset, e.HeaderLen, e.End = p.off, p.length, uint32(t.entries)
	*it = build.Item{Entry: e, Path: dir}
	return nil
}

// ordinal converts the ordinal of an entry of the folder to its ordinal in the export.
func (t *tarLayout) ordinal(i uint32) uint32 {
	return uint32(t.d.before(int(i)) + len(t.parentPaths))
}

// item sets it to an entry of the folder.
func (t *tarLayout) item(it *build.Item, row *sidecar.Row) (err error) {
	e := row.Entry
	*it = build.Item{Path: string(row.Path), Segments: it.Segments[:0]}
	content := row.Ordinal // ordinal of the entry that has the content
	switch e.Type {
	case sidecar.TypeDir:
		e.End = t.ordinal(e.End)
	case sidecar.TypeSymlink:
		it.Link, err = t.d.x.Link(row.Ordinal)
	case sidecar.TypeHardlink:
		if target := int(e.Target); !t.d.has(target) {
			content = target
			if e, err = t.becomesFile(e); err != nil {
				return err
			}
			break
		}
		if it.TargetLen, err = t.contentLen(int(e.Target)); err != nil {
			return err
		}
		e.Target = t.ordinal(e.Target)
		it.Link, err = t.d.x.Link(row.Ordinal)
	}
	if err == nil && e.Coding == coding.Segmented {
		err = t.segments(it, content)
	}
	if err == nil {
		err = t.locate(&e, row)
	}
	it.Entry = e
	return err
}

// contentLen returns the length of the C of entry i.
func (t *tarLayout) contentLen(i int) (int64, error) {
	e, err := t.d.x.Entry(i)
	return e.ContentLen, err
}

// becomesFile returns the entry of a hard link that becomes a file.
func (t *tarLayout) becomesFile(link sidecar.Entry) (sidecar.Entry, error) {
	e, err := t.d.x.Entry(int(link.Target))
	e.Offset, e.HeaderLen, e.ModTime, e.Mode = link.Offset, link.HeaderLen, link.ModTime, link.Mode
	return e, err
}

// segments sets the segments of entry i.
func (t *tarLayout) segments(it *build.Item, i int) error {
	table, err := t.d.x.Segments(i)
	if err != nil {
		return err
	}
	it.Shift = table.Shift
	it.Segments, err = table.AppendLengths(it.Segments)
	return err
}

// locate sets the offset of an entry in the export.
func (t *tarLayout) locate(e *sidecar.Entry, row *sidecar.Row) error {
	k := sort.Search(len(t.pieces), func(i int) bool { return t.pieces[i].off > e.Offset }) - 1
	if k < 0 {
		return fmt.Errorf("%w: %q", errNotInExport, row.Path)
	}
	p := &t.pieces[k]
	if p.group == 0 {
		e.Offset += p.at - p.off
		return nil
	}
	g, err := t.rebuild(p.off, p.group)
	if err != nil {
		return err
	}
	at, ok := g.locations[string(row.Path)]
	if !ok {
		return fmt.Errorf("%w: %q", errNotInExport, row.Path)
	}
	e.Offset, e.HeaderLen = p.at+at.off, at.length
	return nil
}
