package overview

import (
	"cmp"
	"path"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/sidecar"
)

// How many entries of a folder are kept by each measure: of the folder itself, of each of the
// folders in it, and of one that is nearly all of it. That is divided up to maxDepth times.
const (
	maxCells = 40
	maxInner = 20
	maxMost  = 30
	maxDepth = 4
)

// addCells adds the largest entries of a folder, and those of the folders among them.
func (o *Overview) addCells(s *Source, folder int) error {
	whole := int64(0)
	all, err := s.largest(folder, maxCells, func(p *part) {
		whole += p.Size
		o.Rest.Add(p.Sum)
		if p.dir {
			o.Else.Add(p.Sum)
			o.Below++
		} else {
			o.Own.Add(p.Sum)
		}
	})
	if err != nil {
		return err
	}
	for i := range all {
		c := &all[i]
		o.Rest.subtract(c.Sum)
		if !c.Dir {
			continue
		}
		o.Else.subtract(c.Sum)
		o.Below--
		if err := s.divide(c, whole, 0); err != nil {
			return err
		}
	}
	o.Cells = all
	return nil
}

// divide adds the largest entries to the cell of a folder, and to those in it if it is nearly all
// of the folder that it is in: there would be little to see otherwise.
func (s *Source) divide(c *Cell, whole int64, depth int) error {
	most := depth < maxDepth && c.Size >= whole/10*9
	n := maxInner
	if most {
		n = maxMost
	}
	if err := s.fill(c, n); err != nil || !most {
		return err
	}
	for i := range c.Cells {
		if inner := &c.Cells[i]; inner.Dir {
			if err := s.divide(inner, c.Size, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill adds the n largest entries to the cell of a folder. While there is only a folder in it, the
// cell becomes that one.
func (s *Source) fill(c *Cell, n int) error {
	for {
		count := 0
		inner, err := s.largest(c.Ordinal, n, func(*part) { count++ })
		if err != nil {
			return err
		}
		if count != 1 || !inner[0].Dir {
			c.Cells = inner
			return nil
		}
		name := c.Name + "/" + inner[0].Name
		*c = inner[0]
		c.Name = name
	}
}

// part is an entry directly in a folder.
type part struct {
	ordinal, end int
	dir, shared  bool
	Sum
}

// largest returns the entries of a folder that are among the n largest, or among the n with the
// longest members; folders are counted apart from others. They are in the order of their ordinals.
// each is called for every entry.
func (s *Source) largest(folder, n int, each func(*part)) ([]Cell, error) {
	measure := func(p part) measured { return measured{p.Size, p.Packed, p.ordinal} }
	folders, others := &top[part]{n: n, measure: measure}, &top[part]{n: n, measure: measure}
	for row, err := range s.Index.Dir(folder) {
		if err != nil {
			return nil, err
		}
		if s.skips(row.Ordinal) {
			continue
		}
		p, err := s.part(&row)
		if err != nil {
			return nil, err
		}
		each(&p)
		if p.dir {
			folders.offer(p)
		} else {
			others.offer(p)
		}
	}
	kept := append(folders.all(), others.all()...)
	order.Sort(kept, func(a, b part) int { return cmp.Compare(a.ordinal, b.ordinal) })
	cells := make([]Cell, len(kept))
	for i, k := range kept {
		name, err := s.Index.Path(k.ordinal)
		if err != nil {
			return nil, err
		}
		cells[i] = Cell{Name: path.Base(name), Ordinal: k.ordinal, Dir: k.dir, Shared: k.shared,
			Sum: k.Sum, end: k.end}
	}
	return cells, nil
}

// part returns what an entry of a folder is.
func (s *Source) part(row *sidecar.Row) (part, error) {
	e := &row.Entry
	p := part{ordinal: row.Ordinal, end: row.Ordinal + 1, Sum: Sum{Entries: 1}}
	switch e.Type {
	case sidecar.TypeDir:
		sum, err := s.Totals(row.Ordinal)
		p.dir, p.Sum, p.end = true, sum, int(e.End)
		return p, err
	case sidecar.TypeFile:
		p.Size, p.Packed = e.Size, e.ContentLen
	case sidecar.TypeHardlink:
		p.Size, p.shared = e.Size, true
	}
	return p, nil
}
