package remote

import "github.com/tarpack/tpk/tarpack"

// LimitShards sets how many shards of a set have their files open, and returns a function that
// counts them.
func LimitShards(a *tarpack.Archive, limit int) (open func() int) {
	s := a.Source().(*setSource)
	s.limit = limit
	return func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.recent.Len()
	}
}
