package archives

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// Pair is a path in both folders of a Comparison, or in one of them.
type Pair struct {
	Diff
	Same  bool      // nothing differs
	Paths [2]string // from the root of the server; "" if there is none
	Media [2]string // media types of files

	// Before and After are the paths of the next files that differ by more than their attributes; ""
	// if there are none near.
	Before, After string

	nodes [2]plan.Node
}

// Pair returns what both folders have at a path. If that was moved, it has both halves. It returns
// an error that wraps fs.ErrNotExist if neither has it, or it is hidden.
func (c *Comparison) Pair(path string, o ListOptions) (*Pair, error) {
	k, err := c.find(path)
	if err != nil {
		return nil, err
	}
	p := &Pair{Same: k < 0}
	if k >= 0 {
		if c.changes[k].kind == MovedAway {
			k = int(c.changes[k].pair)
		}
		if p.Diff, err = c.row(k); err == nil {
			err = c.addNeighbours(p, k)
		}
	} else {
		p.Diff, err = c.same(path)
	}
	if err != nil {
		return nil, err
	}
	for i, e := range []*sidecar.Entry{p.Old, p.New} {
		if e == nil {
			continue
		}
		at := p.Path
		if i == 0 && p.Other != "" {
			at = p.Other
		}
		p.Paths[i] = paths.Join(c.sides[i].path, at)
		if e.Type != sidecar.TypeFile && e.Type != sidecar.TypeHardlink {
			continue
		}
		n, _, err := c.v.find(p.Paths[i])
		if err != nil {
			return nil, err
		}
		if n.Kind != plan.File || n.Source != c.sides[i].source {
			return nil, fs.ErrNotExist
		}
		p.nodes[i] = n
		if o.Media != nil {
			p.Media[i] = o.Media(p.Paths[i], &n)
		}
	}
	return p, nil
}

// nearChanges is how many changes are looked at for the next file.
const nearChanges = 10_000

// addNeighbours sets the files before and after change k.
func (c *Comparison) addNeighbours(p *Pair, k int) error {
	for _, way := range []struct {
		step int
		to   *string
	}{{-1, &p.Before}, {1, &p.After}} {
		for i, n := k+way.step, 0; i >= 0 && i < len(c.changes) && n < nearChanges; n++ {
			if kind := c.changes[i].kind; kind != Attributes && kind != MovedAway {
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
		ch := &c.changes[k]
		side, i := 1, ch.new
		if i < 0 {
			side, i = 0, ch.old
		}
		p, _, err := c.entry(side, int(i))
		failed = errors.Join(failed, err)
		return p
	}
	k := sort.Search(len(c.changes), func(k int) bool {
		return failed != nil || sidecar.ComparePaths(at(k), path) >= 0
	})
	if failed == nil && k < len(c.changes) && at(k) == path {
		return k, failed
	}
	return -1, failed
}

// same returns what both folders have at a path that does not differ.
func (c *Comparison) same(path string) (d Diff, err error) {
	d.Path = path
	for i, to := range []**sidecar.Entry{&d.Old, &d.New} {
		s := &c.sides[i]
		n, ok, err := s.a.Index.Lookup(paths.Join(s.rest, path))
		if err != nil {
			return d, s.a.Wrap(err)
		}
		if path == "" || !ok || s.omit.LeavesOut(n) {
			return d, fs.ErrNotExist
		}
		if _, *to, err = c.entry(i, n); err != nil {
			return d, err
		}
	}
	return d, nil
}

// Fetch fetches the contents of a Pair from the servers of their archives, so that Content need not
// wait for these. It does nothing if one of them is longer than limit.
func (c *Comparison) Fetch(p *Pair, limit int64) error {
	if max(p.nodes[0].Size, p.nodes[1].Size) > limit {
		return nil
	}
	for i := range p.nodes {
		if err := c.v.fetch(&p.nodes[i], limit); err != nil {
			return err
		}
	}
	return nil
}

// Content returns the content of a file of a Pair: of side 0, the old one, or 1.
func (c *Comparison) Content(p *Pair, side int) ([]byte, error) {
	n := p.nodes[side]
	if n.Kind != plan.File || n.Size == 0 {
		return nil, nil
	}
	if err := c.v.proved(&n); err != nil {
		return nil, err
	}
	r, err := c.v.Content(&n, 0, n.Size)
	if err != nil {
		return nil, err
	}
	b := make([]byte, n.Size)
	_, err = io.ReadFull(r, b)
	return b, errors.Join(err, r.Close())
}

// Link returns the target of a symbolic link of a Pair.
func (c *Comparison) Link(p *Pair, side int) (string, error) {
	s := &c.sides[side]
	i, ok, err := s.a.Index.Lookup(paths.Join(s.rest, p.side(side)))
	if err != nil || !ok {
		return "", s.a.Wrap(err)
	}
	e, err := s.a.Index.Entry(i)
	if err != nil || e.Type != sidecar.TypeSymlink {
		return "", s.a.Wrap(err)
	}
	text, err := s.a.Index.Link(i)
	return text, s.a.Wrap(err)
}

// side returns the path of a side, relative to the folder.
func (p *Pair) side(side int) string {
	if side == 0 && p.Other != "" {
		return p.Other
	}
	return p.Path
}

// SHA256 returns the SHA-256 of a file of a Pair in hexadecimal digits, "" if it is not known.
func (c *Comparison) SHA256(p *Pair, side int) (string, error) {
	s := &c.sides[side]
	if !s.a.Index.HasSHA256() || p.nodes[side].Kind != plan.File {
		return "", nil
	}
	i, ok, err := s.a.Index.Lookup(paths.Join(s.rest, p.side(side)))
	if err != nil || !ok {
		return "", s.a.Wrap(err)
	}
	sum, err := s.a.Index.SHA256(i)
	return fmt.Sprintf("%x", sum), s.a.Wrap(err)
}
