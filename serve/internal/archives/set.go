package archives

import (
	"fmt"
	"sort"
	"sync/atomic"

	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/source"
)

// Set is what is served at one time. It never changes: a Library replaces it.
type Set struct {
	specs    []Spec     // what it was made of
	pending  []string   // and the paths of mounts that are not ready
	mounts   []mount    // longest path first
	sources  []*archive // of all mounts, by plan.Node.Source
	fallback *plain.Dir
	links    bool         // there are symbolic links
	refs     atomic.Int64 // 1 for the Library, 1 for each View
}

// mount is a path and the archives below it, in the order in which they are asked.
type mount struct {
	path    string // without a slash at its ends; "" is the root
	sources []int
	pending bool // there is one more archive, which is not ready yet
}

// ErrPending means that the answer is in an archive that is being indexed or converted.
var ErrPending = fmt.Errorf("the archive is not ready yet: %w", source.ErrUnavailable)

// newSet returns a Set with one reference. It takes over a reference to each archive and to the
// fallback. Below the paths of pending, the answer is ErrPending.
func newSet(specs []Spec, open []*archive, pending []string, fallback *plain.Dir) *Set {
	s := &Set{specs: specs, sources: open, pending: pending, fallback: fallback}
	at := map[string]int{}
	for i, spec := range specs {
		k, ok := at[spec.Mount]
		if !ok {
			k = len(s.mounts)
			at[spec.Mount] = k
			s.mounts = append(s.mounts, mount{path: spec.Mount})
		}
		s.mounts[k].sources = append(s.mounts[k].sources, i)
		s.links = s.links || open[i].index.Stats().Symlinks > 0
	}
	for _, path := range pending {
		s.mounts = append(s.mounts, mount{path: path, pending: true})
	}
	sort.SliceStable(s.mounts,
		func(i, j int) bool { return len(s.mounts[i].path) > len(s.mounts[j].path) })
	s.refs.Store(1)
	return s
}

// acquire adds a reference, unless the set is closed.
func (s *Set) acquire() bool {
	for {
		n := s.refs.Load()
		if n == 0 {
			return false
		}
		if s.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (s *Set) release() {
	if s.refs.Add(-1) > 0 {
		return
	}
	for _, a := range s.sources {
		a.release()
	}
	if s.fallback != nil {
		s.fallback.Release()
	}
}

// below returns the rest of path below dir, and whether path is dir or below it.
func below(dir, path string) (string, bool) {
	if dir == "" {
		return path, true
	}
	if len(path) < len(dir) || path[:len(dir)] != dir {
		return "", false
	}
	if len(path) == len(dir) {
		return "", true
	}
	return path[len(dir)+1:], path[len(dir)] == '/'
}

// lookup asks the mounts of a path from the deepest on, and in each its archives in order. A file
// of a doubtful archive is compared with the index first.
func (v *View) lookup(path string) (n plan.Node, err error) {
	n, err = v.find(path)
	if err != nil || n.Kind != plan.File {
		return n, err
	}
	i := n.Source
	v.touchBytes(i, n.Offset, n.Length)
	if v.set.sources[i].proof.Load() == nil {
		return n, nil
	}
	if v.Instant {
		return n, ErrInstant
	}
	return n, v.Prove(&n)
}

// find is lookup without the comparison.
func (v *View) find(path string) (n plan.Node, err error) {
	s := v.set
	for m := range s.mounts {
		rest, ok := below(s.mounts[m].path, path)
		if !ok {
			continue
		}
		if s.mounts[m].pending {
			return n, ErrPending
		}
		if rest == "" {
			return plan.Node{Kind: plan.Dir}, nil
		}
		for _, i := range s.mounts[m].sources {
			a, err := v.touch(i)
			if err != nil {
				return n, err
			}
			if ok, err := a.lookup(rest, &n); ok || err != nil {
				n.Source = i
				return n, err
			}
		}
	}
	if path == "" {
		n.Kind = plan.Dir
	}
	return n, nil
}

// root returns the path of the deepest mount on path.
func (s *Set) root(path string) string {
	for m := range s.mounts {
		if _, ok := below(s.mounts[m].path, path); ok {
			return s.mounts[m].path
		}
	}
	return ""
}

// mountedAt reports whether an archive is mounted at path.
func (s *Set) mountedAt(path string) bool {
	for m := range s.mounts {
		if s.mounts[m].path == path {
			return true
		}
	}
	return false
}

// download describes the first archive that is mounted at path.
func (s *Set) download(path, format string) plan.Node {
	for m := range s.mounts {
		if s.mounts[m].path == path && !s.mounts[m].pending {
			i := s.mounts[m].sources[0]
			n := s.sources[i].download(format)
			n.Source = i
			return n
		}
	}
	return plan.Node{}
}
