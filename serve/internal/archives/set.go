package archives

import (
	"sort"
	"strings"
	"sync/atomic"

	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// Set is what is served at one time. It never changes; a Library replaces it.
type Set struct {
	mounts   []mount    // longest path first
	sources  []*archive // each of all mounts, by the number that a Node carries
	fallback *plain.Dir
	links    bool
	refs     atomic.Int64 // 1 for the Library, 1 for each View
}

// mount is a path and the archives below it, in the order they are asked.
type mount struct {
	path    string // without slashes around it; "" is the root
	sources []int
}

// newSet takes over a reference to each archive and the fallback's.
func newSet(specs []Spec, open []*archive, fallback *plain.Dir) *Set {
	s := &Set{sources: open, fallback: fallback}
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
	sort.SliceStable(s.mounts, func(i, j int) bool { return len(s.mounts[i].path) > len(s.mounts[j].path) })
	s.refs.Store(1)
	return s
}

// acquire takes a reference, unless the set is closed already.
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

// below is the rest of path if it is dir or lies below it.
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

// lookup asks the mounts from the deepest on, and in each its archives in order.
func (s *Set) lookup(path string) (n plan.Node, err error) {
	for m := range s.mounts {
		rest, ok := below(s.mounts[m].path, path)
		if !ok {
			continue
		}
		if rest == "" {
			return plan.Node{Kind: plan.Dir}, nil
		}
		for _, i := range s.mounts[m].sources {
			if ok, err := s.sources[i].lookup(rest, &n); ok || err != nil {
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

// root is the path of the deepest mount on path.
func (s *Set) root(path string) string {
	for m := range s.mounts {
		if _, ok := below(s.mounts[m].path, path); ok {
			return s.mounts[m].path
		}
	}
	return ""
}

// mountedAt tells if an archive is mounted at path.
func (s *Set) mountedAt(path string) bool {
	for m := range s.mounts {
		if s.mounts[m].path == path {
			return true
		}
	}
	return false
}

// download finds an archive mounted at path.
func (s *Set) download(path, format string) plan.Node {
	for m := range s.mounts {
		if s.mounts[m].path == path {
			i := s.mounts[m].sources[0]
			n := s.sources[i].download(format)
			n.Source = i
			return n
		}
	}
	return plan.Node{}
}

// cleanMount is a mount's path without slashes around it.
func cleanMount(path string) string { return strings.Trim(path, "/") }
