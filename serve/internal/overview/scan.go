package overview

import (
	"cmp"
	"context"
	"slices"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/sidecar"
)

const (
	maxFiles = 20 // largest files, and contents with several names
	maxPaths = 6  // of a content
)

// scan is a pass over everything that is in a folder.
type scan struct {
	s          *Source
	o          *Overview
	first, end int
	types      map[string]*Type
	files      top[measured]
	links      []uint64 // target and ordinal of hard links
	elsewhere  bits     // targets outside of the folder, or left out, that were counted
	at         int      // where it is among the cells
}

// bits is a set of ordinals.
type bits []uint64

func (b bits) add(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

func newScan(s *Source, o *Overview) *scan {
	return &scan{s: s, o: o, types: map[string]*Type{},
		files: top[measured]{n: maxFiles, measure: func(m measured) measured { return m }}}
}

// lookEvery is after how many entries a scan looks whether it is still needed.
const lookEvery = 4096

// run looks at the entries from first to end − 1.
func (c *scan) run(ctx context.Context, first, end int) error {
	c.first, c.end = first, end
	for row, err := range c.s.Index.All(first, end) {
		if err == nil && row.Ordinal%lookEvery == 0 {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		if c.s.skips(row.Ordinal) {
			continue
		}
		switch row.Entry.Type {
		case sidecar.TypeSymlink:
			c.o.Links++
		case sidecar.TypeFile:
			c.addFile(&row, row.Entry.ContentLen)
			c.files.offer(measured{row.Entry.Size, row.Entry.ContentLen, row.Ordinal})
		case sidecar.TypeHardlink:
			if err := c.addLink(&row); err != nil {
				return err
			}
		}
	}
	for _, t := range c.types {
		c.o.Types = append(c.o.Types, *t)
	}
	order.Sort(c.o.Types, func(a, b Type) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Media, b.Media))
	})
	if err := c.addLargest(); err != nil {
		return err
	}
	return c.addShared()
}

// addFile adds a name of a file. packed is the length of its member; 0 if that was counted.
func (c *scan) addFile(row *sidecar.Row, packed int64) {
	e := &row.Entry
	media, kind := c.s.Type(string(row.Path), e)
	t := c.types[media]
	if t == nil {
		t = &Type{Media: media, Kind: kind}
		c.types[media] = t
	}
	t.Files++
	t.Size += e.Size
	t.Packed += packed
	c.o.Files++
	c.o.Size += e.Size
	c.o.Packed += packed
	color(c.o.Cells, &c.at, row.Ordinal, kind, e.Size)
}

// addLink adds a hard link. The content of one whose target is not among the entries counts once.
func (c *scan) addLink(row *sidecar.Row) error {
	e := &row.Entry
	to := int(e.Target)
	away := to < c.first || to >= c.end || c.s.skips(to)
	if away && c.elsewhere == nil {
		c.elsewhere = make(bits, c.s.Index.Len()/64+1)
	}
	first := away && !c.elsewhere.has(to)
	if !e.Duplicate && !first {
		c.addFile(row, 0)
		return nil
	}
	target, err := c.s.Index.Entry(to)
	if err != nil {
		return err
	}
	c.links = append(c.links, uint64(e.Target)<<32|uint64(row.Ordinal))
	if first {
		c.elsewhere.add(to)
		c.addFile(row, target.ContentLen)
		c.files.offer(measured{e.Size, target.ContentLen, row.Ordinal})
		return nil
	}
	c.addFile(row, 0)
	c.o.Saved += target.ContentLen
	return nil
}

// color adds bytes of a kind to the cells that have an entry. at is where the last entry was among
// them.
func color(cells []Cell, at *int, ordinal, kind int, size int64) {
	for *at+1 < len(cells) && cells[*at+1].Ordinal <= ordinal {
		*at++
	}
	if *at < len(cells) && cells[*at].has(ordinal) {
		c := &cells[*at]
		c.Kinds[kind] += size
		color(c.Cells, &c.at, ordinal, kind, size)
	}
}

// addLargest adds the largest files.
func (c *scan) addLargest() error {
	for _, by := range []struct {
		packed bool
		to     *[]File
	}{{false, &c.o.Largest}, {true, &c.o.Longest}} {
		for _, f := range c.files.by(by.packed) {
			path, err := c.s.Index.Path(f.number)
			if err != nil {
				return err
			}
			*by.to = append(*by.to, File{path, f.size, f.packed})
		}
	}
	return nil
}

// sharing is a run of links to one target.
type sharing struct {
	Shared
	target int
	away   bool // the target is no name of the folder
	links  []uint64
}

// addShared adds the contents that save most.
func (c *scan) addShared() error {
	slices.Sort(c.links)
	var kept []sharing
	for rest := c.links; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n]>>32 == rest[0]>>32 {
			n++
		}
		s, err := c.sharing(rest[:n])
		if err != nil {
			return err
		}
		if rest = rest[n:]; s.Copies < 2 {
			continue
		}
		c.o.AllShared++
		if kept = append(kept, s); len(kept) >= 8*maxFiles {
			kept = mostSaved(kept)
		}
	}
	for _, s := range mostSaved(kept) {
		if err := c.addPaths(&s); err != nil {
			return err
		}
		c.o.Shared = append(c.o.Shared, s.Shared)
	}
	return nil
}

// sharing returns what the links to one target are.
func (c *scan) sharing(links []uint64) (s sharing, err error) {
	s.target = int(links[0] >> 32)
	s.links = links
	s.away = c.elsewhere != nil && c.elsewhere.has(s.target)
	target, err := c.s.Index.Entry(s.target)
	if err != nil {
		return s, err
	}
	s.Size, s.Packed, s.Copies = target.Size, target.ContentLen, len(links)
	if !s.away {
		s.Copies++
	}
	s.Saved = int64(s.Copies-1) * s.Packed
	return s, nil
}

// mostSaved returns those that save most.
func mostSaved(list []sharing) []sharing {
	order.Sort(list, func(a, b sharing) int {
		return cmp.Or(cmp.Compare(b.Saved, a.Saved), cmp.Compare(b.Size, a.Size),
			cmp.Compare(a.target, b.target))
	})
	return list[:min(len(list), maxFiles)]
}

// addPaths adds the first names of a content.
func (c *scan) addPaths(s *sharing) error {
	names := make([]int, 0, maxPaths)
	if !s.away {
		names = append(names, s.target)
	}
	for _, l := range s.links[:min(len(s.links), maxPaths-len(names))] {
		names = append(names, int(uint32(l)))
	}
	for _, i := range names {
		path, err := c.s.Index.Path(i)
		if err != nil {
			return err
		}
		s.Paths = append(s.Paths, path)
	}
	return nil
}

// has reports whether an entry is the cell's, or below it.
func (c *Cell) has(ordinal int) bool { return ordinal >= c.Ordinal && ordinal < c.end }
