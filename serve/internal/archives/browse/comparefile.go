package browse

import (
	"errors"
	"io"
	"io/fs"

	"github.com/tarpack/tpk/serve/internal/archives/changes"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// Pair is a path in both folders of a Comparison, or in one of them, and the files there.
type Pair struct {
	changes.Pair
	Paths [2]string // from the root of the server; "" if there is none
	Media [2]string // media types of files

	nodes [2]plan.Node
}

// Pair returns what both folders have at a path. If that was moved, it has both halves. It returns
// an error that wraps fs.ErrNotExist if neither has it, or it is hidden.
func (c *Comparison) Pair(path string, o ListOptions) (*Pair, error) {
	found, err := c.Comparison.Pair(path)
	if err != nil {
		return nil, err
	}
	p := &Pair{Pair: *found}
	for i, e := range []*sidecar.Entry{p.Old, p.New} {
		if e == nil {
			continue
		}
		p.Paths[i] = paths.Join(c.sides[i].path, p.At(i))
		if e.Type != sidecar.TypeFile && e.Type != sidecar.TypeHardlink {
			continue
		}
		n, _, err := c.v.Find(p.Paths[i])
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

// Fetch fetches the contents of a Pair from the servers of their archives, so that Content need not
// wait for these. It does nothing if one of them is longer than limit.
func (c *Comparison) Fetch(p *Pair, limit int64) error {
	if max(p.nodes[0].Size, p.nodes[1].Size) > limit {
		return nil
	}
	for i := range p.nodes {
		if err := c.v.Fetch(&p.nodes[i], limit); err != nil {
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
	if err := c.v.Proved(&n); err != nil {
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
