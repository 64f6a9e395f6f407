package shardset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// Join writes the sidecar of a set to dst, from those of its shards. A shard without one is indexed
// in memory.
func Join(
	ctx context.Context, name format.SetName, dst build.File, o scan.Options,
) (digest uint64, n int64, err error) {
	m := NewJoiner(o)
	defer func() { err = errors.Join(err, m.Close()) }()
	for i := range name.N {
		s, err := indexed.Open(ctx, name.Shard(i), &indexed.Options{Workers: o.Workers})
		if err != nil {
			return 0, 0, MissingShard(name.Shard(i), name.N, err)
		}
		if err := m.Add(ctx, name.Shard(i), s); err != nil {
			return 0, 0, err
		}
	}
	return m.Finish(dst)
}

// CheckJoin returns the error of Join if the shards do not belong together. It keeps nothing.
func CheckJoin(ctx context.Context, name format.SetName, o scan.Options) error {
	f, err := durable.ScratchFile(o.TempDir)
	if err != nil {
		return err
	}
	_, _, err = Join(ctx, name, f, o)
	return errors.Join(err, f.Close())
}

// maxSet is how many bytes all shards of a set may have (FORMAT.md 4).
const maxSet = coding.MaxSetSize

// Features are what the sidecar of a set states.
var Features = sidecar.Features{Required: sidecar.Final, Optional: sidecar.Set}

// Joiner makes the index of a set from those of its shards.
type Joiner struct {
	o        scan.Options
	Builder  *build.Builder
	names    []string // of the shards so far
	ends     []int64  // where they end, in the set
	size     int64    // of the shards so far, in bytes
	progress format.Progress
}

// NewJoiner returns a Joiner without shards.
func NewJoiner(o scan.Options) *Joiner { return newJoiner(o, false) }

// NewUnordered is NewJoiner for shards that were not written in the order of an archive yet. It is
// for Check alone.
func NewUnordered(o scan.Options) *Joiner { return newJoiner(o, true) }

func newJoiner(o scan.Options, unordered bool) *Joiner {
	return &Joiner{o: o, Builder: build.New(build.Options{
		TempDir: o.TempDir, Set: true, SHA256: true, Unordered: unordered,
	})}
}

// Close removes temporary files.
func (m *Joiner) Close() error { return m.Builder.Close() }

// Add is AddOpen for a shard that it closes.
func (m *Joiner) Add(ctx context.Context, name string, a *indexed.File) error {
	err := m.AddOpen(ctx, name, a)
	return errors.Join(err, a.Close())
}

// AddOpen adds the entries of the next shard. A directory may be in any of the shards. The first
// one counts. Name is that of the shard, for errors.
func (m *Joiner) AddOpen(ctx context.Context, name string, a *indexed.File) error {
	if a.Size > maxSet-m.size {
		return fmt.Errorf("%s: %w: the set has more than 2^56 bytes", name, format.ErrShard)
	}
	if !a.Index.HasSHA256() { // a set has sums if all of its shards have them
		m.Builder.DropSums()
	}
	// Entries of one G must be added in the order that they have in it. Path order is that order.
	for row, err := range a.Index.All(0, a.Index.Len()) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			err = m.item(a, &row)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
	}
	m.size += a.Size
	m.names, m.ends = append(m.names, name), append(m.ends, m.size)
	return nil
}

// item adds one entry.
func (m *Joiner) item(a *indexed.File, row *sidecar.Row) (err error) {
	it := build.Item{Entry: row.Entry, Path: string(row.Path)}
	it.Offset += m.size
	switch {
	case it.Type == sidecar.TypeFile:
		if err := indexed.AddContent(a.Index, row.Ordinal, &it); err != nil {
			return err
		}
	case it.Type == sidecar.TypeSymlink, it.Type == sidecar.TypeHardlink:
		if it.Link, err = a.Index.Link(row.Ordinal); err != nil {
			return err
		}
	}
	m.progress.Entries++
	m.progress.Bytes += it.Size
	if m.o.Progress != nil {
		m.o.Progress(m.progress)
	}
	return m.Builder.Add(it)
}

// Check returns an error that wraps format.ErrShard if the shards do not belong together. No more
// can be added after it.
func (m *Joiner) Check() error {
	f, err := durable.ScratchFile(m.o.TempDir)
	if err != nil {
		return err
	}
	_, _, err = m.Finish(f)
	return errors.Join(err, f.Close())
}

// Finish writes the set's sidecar. The error wraps format.ErrShard if the shards do not belong
// together.
func (m *Joiner) Finish(dst build.File) (digest uint64, n int64, err error) {
	digest, n, err = m.Builder.Finish(dst, m.size)
	if twice := (*build.DuplicateError)(nil); errors.As(err, &twice) {
		return 0, 0, m.conflict(twice)
	}
	if errors.Is(err, build.ErrNoParent) || errors.Is(err, build.ErrNoTarget) {
		err = fmt.Errorf("%w: %w: %w", format.ErrShard, format.ErrNotOneSet, err)
	}
	return digest, n, err
}

// conflict returns the error for a path that two shards have.
func (m *Joiner) conflict(e *build.DuplicateError) error {
	in := func(i int) string {
		shard := sort.Search(len(m.ends)-1, func(k int) bool { return e.Offsets[i] < m.ends[k] })
		return m.names[shard]
	}
	return fmt.Errorf("%w: %w: %s is a %v in %s and a %v in %s", format.ErrShard, format.ErrNotOneSet,
		format.Printable(e.Path), e.Types[0], in(0), e.Types[1], in(1))
}

// FinishIn writes the set's sidecar to an empty file, durably. It returns its digest and its size
// in bytes.
func (m *Joiner) FinishIn(f *os.File) (digest uint64, n int64, err error) {
	if digest, n, err = m.Finish(f); err != nil {
		return 0, 0, err
	}
	return digest, n, f.Sync()
}
