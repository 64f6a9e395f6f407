//go:build linux || darwin

package mount

import (
	"errors"
	"sync"
)

// generations are the trees that are open. A tree stays open as long as it is the current one, a
// request uses it, or the kernel knows files of it.
type generations struct {
	mu      sync.Mutex
	current *tree
	open    map[uint64]*tree
	drop    func(*tree) // called before a tree is closed
}

func newGenerations(t *tree, drop func(*tree)) *generations {
	t.refs = 1
	return &generations{current: t, open: map[uint64]*tree{t.generation: t}, drop: drop}
}

// now returns the current tree, with a reference.
func (g *generations) now() *tree {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.current.refs++
	return g.current
}

// isCurrent reports whether a tree is the current one.
func (g *generations) isCurrent(t *tree) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return t == g.current
}

// isLast reports whether the caller has the only reference to a tree.
func (g *generations) isLast(t *tree) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return t.refs == 1
}

// all returns the trees that are open, each with a reference.
func (g *generations) all() (list []*tree) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.open {
		t.refs++
		list = append(list, t)
	}
	return list
}

// of returns the tree of a file with a number, with a reference, or nil if it is closed.
func (g *generations) of(id uint64) *tree {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.open[id>>generationShift]
	if id == rootID {
		t = g.current
	}
	if t != nil {
		t.refs++
	}
	return t
}

// retain adds n references to a tree that the caller has a reference to.
func (g *generations) retain(t *tree, n int64) {
	g.mu.Lock()
	t.refs += n
	g.mu.Unlock()
}

// release returns n references.
func (g *generations) release(t *tree, n int64) {
	g.mu.Lock()
	t.refs -= n
	last := t.refs == 0
	if last {
		delete(g.open, t.generation)
	}
	g.mu.Unlock()
	if last {
		g.drop(t)
		t.closeLayers()
	}
}

// errGenerations is returned while files of all earlier generations are in use.
var errGenerations = errors.New("too many earlier versions are still in use")

// next returns a number for another generation. Only one goroutine may use it.
func (g *generations) next() (uint64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for k := range uint64(maxGeneration) {
		n := (g.current.generation + 1 + k) & maxGeneration
		if g.open[n] == nil {
			return n, nil
		}
	}
	return 0, errGenerations
}

// replace makes t the current tree.
func (g *generations) replace(t *tree) {
	g.mu.Lock()
	was := g.current
	t.refs = 1
	g.current, g.open[t.generation] = t, t
	g.mu.Unlock()
	g.release(was, 1)
}

// closeAll closes all trees, when no more requests come.
func (g *generations) closeAll() {
	g.mu.Lock()
	open := g.open
	g.open = map[uint64]*tree{}
	g.mu.Unlock()
	for _, t := range open {
		g.drop(t)
		t.closeLayers()
	}
}
