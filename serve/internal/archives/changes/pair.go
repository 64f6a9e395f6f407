package changes

import (
	"errors"
	"fmt"
	"io/fs"
	"sort"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/sidecar"
)

// Pair is a path in both folders of a Comparison, or in one of them.
type Pair struct {
	Diff
	Same bool // nothing differs

	// Before and After are the paths of the next files that differ by more than their attributes; ""
	// if there are none near.
	Before, After string
}

// Pair returns what both folders have at a path. If that was moved, it has both halves. It returns
// an error that wraps fs.ErrNotExist if neither has it, or it is hidden.
func (c *Comparison) Pair(path string) (*Pair, error) {
	k, err := c.find(path)
	if err != nil {
		return nil, err
	}
	p := &Pair{Same: k < 0}
	if k >= 0 {
		if c.list[k].kind == MovedAway {
			k = int(c.list[k].pair)
		}
		if p.Diff, err = c.row(k); err == nil {
			err = c.addNeighbours(p, k)
		}
	} else {
		p.Diff, err = c.same(path)
	}
	return p, err
}

// nearChanges is how many changes are looked at for the next file.
const nearChanges = 10_000

// addNeighbours sets the files before and after change k.
func (c *Comparison) addNeighbours(p *Pair, k int) error {
	for _, way := range []struct {
		step int
		to   *string
	}{{-1, &p.Before}, {1, &p.After}} {
		for i, n := k+way.step, 0; i >= 0 && i < len(c.list) && n < nearChanges; n++ {
			if kind := c.list[i].kind; kind != Attributes && kind != MovedAway {
				d, err := c.row(i)
				if err != nil {
					return err
				}
				if d.Old != nil && d.Old.Type != sidecar.TypeDir ||
					d.New != nil && d.New.Type != sidecar.TypeDir {
					*way.to = d.Path
					break
				}
			}
			i += way.step
		}
	}
	return nil
}

// find returns the change at a path, or −1.
func (c *Comparison) find(path string) (int, error) {
	var failed error
	at := func(k int) string {
		ch := &c.list[k]
		side, i := 1, ch.new
		if i < 0 {
			side, i = 0, ch.old
		}
		p, _, err := c.entry(side, int(i))
		failed = errors.Join(failed, err)
		return p
	}
	k := sort.Search(len(c.list), func(k int) bool {
		return failed != nil || sidecar.ComparePaths(at(k), path) >= 0
	})
	if failed == nil && k < len(c.list) && at(k) == path {
		return k, failed
	}
	return -1, failed
}

// same returns what both folders have at a path that does not differ.
func (c *Comparison) same(path string) (d Diff, err error) {
	d.Path = path
	for i, to := range []**sidecar.Entry{&d.Old, &d.New} {
		s := &c.Sides[i]
		n, ok, err := s.Tree.Index.Lookup(paths.Join(s.Path, path))
		if err != nil {
			return d, s.Tree.Wrap(err)
		}
		if path == "" || !ok || s.Omission.LeavesOut(n) {
			return d, fs.ErrNotExist
		}
		if _, *to, err = c.entry(i, n); err != nil {
			return d, err
		}
	}
	return d, nil
}

// At returns the path of a side, relative to the folder.
func (p *Pair) At(side int) string {
	if side == 0 && p.Other != "" {
		return p.Other
	}
	return p.Path
}

// Link returns the target of a symbolic link of a Pair.
func (c *Comparison) Link(p *Pair, side int) (string, error) {
	s := &c.Sides[side]
	i, ok, err := s.Tree.Index.Lookup(paths.Join(s.Path, p.At(side)))
	if err != nil || !ok {
		return "", s.Tree.Wrap(err)
	}
	e, err := s.Tree.Index.Entry(i)
	if err != nil || e.Type != sidecar.TypeSymlink {
		return "", s.Tree.Wrap(err)
	}
	text, err := s.Tree.Index.Link(i)
	return text, s.Tree.Wrap(err)
}

// SHA256 returns the SHA-256 of a file of a Pair in hexadecimal digits, "" if it is not known.
func (c *Comparison) SHA256(p *Pair, side int) (string, error) {
	s := &c.Sides[side]
	if e := [2]*sidecar.Entry{p.Old, p.New}[side]; !isFile(e) || !s.Tree.Index.HasSHA256() {
		return "", nil
	}
	i, ok, err := s.Tree.Index.Lookup(paths.Join(s.Path, p.At(side)))
	if err != nil || !ok {
		return "", s.Tree.Wrap(err)
	}
	sum, err := s.Tree.Index.SHA256(i)
	return fmt.Sprintf("%x", sum), s.Tree.Wrap(err)
}
