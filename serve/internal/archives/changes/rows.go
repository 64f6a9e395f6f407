package changes

import (
	"path"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/sidecar"
)

// Comparison is the Changes of two folders, with what these have.
type Comparison struct {
	*Changes
	Sides [2]contents.Folder // the old one, and the new one
}

// HasFolder reports whether a side has a folder that is not hidden.
func (c *Comparison) HasFolder(side int, path string) (bool, error) {
	s := &c.Sides[side]
	i, dir, err := s.Tree.Directory(paths.Join(s.Path, path))
	return dir && !(i >= 0 && s.Omission.LeavesOut(i)), err
}

// Diff is a row of a Comparison.
type Diff struct {
	Kind     Kind
	Path     string // relative to the folders; that in the new one if both have one
	Other    string // of a move: the other path
	What     []string
	Old, New *sidecar.Entry // nil if there is none
}

// Name returns the last name of the path.
func (d *Diff) Name() string { return path.Base(d.Path) }

// row returns change k.
func (c *Comparison) row(k int) (d Diff, err error) {
	ch := &c.list[k]
	d.Kind, d.What = ch.kind, ch.words()
	if ch.new >= 0 {
		d.Path, d.New, err = c.entry(1, int(ch.new))
	}
	if ch.old >= 0 && err == nil {
		d.Path, d.Old, err = c.entry(0, int(ch.old))
	}
	if ch.pair >= 0 && err == nil {
		other := &c.list[ch.pair]
		if ch.kind == Moved {
			d.Other, d.Old, err = c.entry(0, int(other.old))
		} else {
			d.Other, d.New, err = c.entry(1, int(other.new))
		}
	}
	return d, err
}

// entry returns an entry of a side and its path relative to the folder.
func (c *Comparison) entry(side, i int) (string, *sidecar.Entry, error) {
	s := &c.Sides[side]
	p, err := s.Tree.Index.Path(i)
	if err != nil {
		return "", nil, s.Tree.Wrap(err)
	}
	e, err := s.Tree.Index.Entry(i)
	if s.Path != "" {
		p = strings.TrimPrefix(p, s.Path+"/")
	}
	return p, &e, s.Tree.Wrap(err)
}

// Rows returns changes of some kinds in path order, from the offset on, and how many there are in
// all.
func (c *Comparison) Rows(offset int64, limit int, kinds ...Kind) (rows []Diff, n int,
	err error) {
	var wanted [kindCount]bool
	for _, k := range kinds {
		wanted[k] = true
		n += c.counts[k].N
	}
	for k, skip := 0, offset; k < len(c.list) && len(rows) < limit; k++ {
		if !wanted[c.list[k].kind] {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		d, err := c.row(k)
		if err != nil {
			return nil, 0, err
		}
		rows = append(rows, d)
	}
	return rows, n, nil
}
