package rewrite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/packer"
)

// Shards divides the entries of a rewrite between the shards of the set that is changed, so that
// few shards change:
//
//   - An entry stays in the shard that has its path.
//   - A new one goes where the entry before it in its directory is, or else its directory.
//   - A directory stays in each shard that has it.
//
// So whatever a shard holds, it also holds the directories above.
type Shards struct {
	Set *base.Archive
	// Only is the one shard whose entries are walked, and Own its index. If Own is nil, all are.
	Only int
	Own  *sidecar.Index

	spread spread // what the first walk has found

	mu      sync.Mutex // guards what follows
	touched map[int]bool
	indexes map[int]*indexed.File // of shards that were looked into
}

// maxIndexes is how many indexes of shards are open at a time.
const maxIndexes = 64

// index returns the index of shard k, valid until the next call.
func (s *Shards) index(ctx context.Context, k int) (*sidecar.Index, error) {
	if x := s.indexes[k]; x != nil {
		return x.Index, nil
	}
	if len(s.indexes) >= maxIndexes {
		if err := s.close(); err != nil {
			return nil, err
		}
	}
	x, err := indexed.Open(ctx, s.Set.Set.Shards.Name.Shard(k), &indexed.Options{})
	if err != nil {
		return nil, err
	}
	s.indexes[k] = x
	return x.Index, nil
}

// lastShards are the shards of the entries that were placed last in a directory.
type lastShards struct{ file, dir int }

// place chooses the shard of a choice, after the choices before it in its directory. It returns
// false if the choice is not walked.
func (s *Shards) place(c *choice, baseLayer int, last *lastShards) (bool, error) {
	old := c.base(baseLayer)
	isDir := c.winner != nil && c.winner.isDir()
	switch {
	case old != nil && old.isDir():
		c.shard = s.of(old.entry.Offset)
		end, err := s.Set.Index.Entry(int(old.entry.End) - 1)
		if err != nil {
			return false, fmt.Errorf("%s: %w", s.Set.Name, err)
		}
		last.dir = s.of(end.Offset)
	case old != nil:
		c.shard = s.of(old.entry.Offset)
		last.file = c.shard
	case isDir:
		c.shard = max(last.dir, last.file)
	default:
		c.shard = last.file
	}
	if s.Own == nil || c.shard == s.Only {
		return true, nil
	}
	if !isDir || old == nil || !old.isDir() {
		return false, nil
	}
	return isDirIn(s.Own, c.path)
}

// of returns the shard that has the byte at off.
func (s *Shards) of(off int64) int {
	i, _ := s.Set.Set.Shards.Place(off)
	return i
}

// isDirIn reports whether an index has a directory of this path.
func isDirIn(x *sidecar.Index, path string) (bool, error) {
	i, ok, err := x.Lookup(path)
	if err != nil || !ok {
		return false, err
	}
	e, err := x.Entry(i)
	return e.Type == sidecar.TypeDir, err
}

// Touch marks the shards that a change affects: the shard of the new entry, and all shards with the
// old one. A directory may be in several. If only its time has changed, its first shard alone is
// marked: the time there counts, and the other shards keep theirs.
func (s *Shards) Touch(ctx context.Context, at packer.ShardChange) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.Shard >= 0 {
		s.touched[at.Shard] = true
	}
	i, ok, err := s.Set.Index.Lookup(at.Path)
	if err != nil || !ok {
		return s.in(err)
	}
	e, err := s.Set.Index.Entry(i)
	if err != nil {
		return s.in(err)
	}
	first := s.of(e.Offset)
	s.touched[first] = true
	if e.Type != sidecar.TypeDir || at.TimeOnly {
		return nil
	}
	for k := first + 1; k < s.Set.Set.Shards.Name.N; k++ {
		own, err := s.index(ctx, k)
		if err != nil {
			return err
		}
		if has, err := isDirIn(own, at.Path); err != nil || !has {
			return s.in(err)
		}
		s.touched[k] = true
	}
	return nil
}

// in adds the name of the set to an error.
func (s *Shards) in(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", s.Set.Name, err)
}

// sameAs reports whether the entry of another archive has the header and the content of the entry
// old of the base, which may be nil.
func (c *Child) sameAs(old *Child) (bool, error) {
	if old == nil || c.typ != old.typ || c.entry.Duplicate != old.entry.Duplicate ||
		c.isFile() && (c.entry.Size != old.entry.Size || c.entry.Hash != old.entry.Hash) {
		return false, nil
	}
	a, err := c.Ref.Header()
	if err != nil {
		return false, err
	}
	b, err := old.Ref.Header()
	return a == b, err
}

// close closes the indexes.
func (s *Shards) close() error {
	var errs []error
	for _, x := range s.indexes {
		errs = append(errs, x.Close())
	}
	clear(s.indexes)
	return errors.Join(errs...)
}
