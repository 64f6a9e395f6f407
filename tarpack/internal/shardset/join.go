package shardset

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
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
		if err := m.Add(ctx, s); err != nil {
			return 0, 0, err
		}
	}
	return m.finish(dst)
}

// Features are what the sidecar of a set states.
var Features = sidecar.Features{Required: sidecar.Final, Optional: sidecar.Set}

// Joiner makes the index of a set from those of its shards.
type Joiner struct {
	o        scan.Options
	Builder  *build.Builder
	before   *indexed.File // the previous shard
	size     int64         // of the shards so far, in bytes
	progress format.Progress
}

// NewJoiner returns a Joiner without shards.
func NewJoiner(o scan.Options) *Joiner {
	return &Joiner{o: o, Builder: build.New(build.Options{TempDir: o.TempDir, Set: true})}
}

// Close removes temporary files and closes the last shard.
func (m *Joiner) Close() error {
	err := m.Builder.Close()
	if m.before != nil {
		err = errors.Join(err, m.before.Close())
	}
	m.before = nil
	return err
}

// Add adds the entries of the next shard, which the Joiner closes. A directory with entries in
// several shards has a header in each of them, and in all between. The first one counts.
func (m *Joiner) Add(ctx context.Context, a *indexed.File) (err error) {
	before := m.before
	defer func() {
		m.before = a
		if before != nil {
			err = errors.Join(err, before.Close())
		}
	}()
	seen := func(row *sidecar.Row) (bool, error) {
		if before == nil || row.Entry.Type != sidecar.TypeDir {
			return false, nil
		}
		i, ok, err := before.Index.Lookup(string(row.Path))
		if err != nil || !ok {
			return false, err
		}
		e, err := before.Index.Entry(i)
		return e.Type == sidecar.TypeDir, err
	}
	// Entries of one G must be added in the order that they have in it. Path order is that order.
	for row, err := range a.Index.All(0, a.Index.Len()) {
		if err == nil {
			err = context.Cause(ctx)
		}
		known := false
		if err == nil {
			known, err = seen(&row)
		}
		if err == nil && !known {
			err = m.item(a, &row)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
	}
	m.size += a.Size
	return nil
}

// item adds one entry.
func (m *Joiner) item(a *indexed.File, row *sidecar.Row) (err error) {
	it := build.Item{Entry: row.Entry, Path: string(row.Path)}
	it.Offset += m.size
	switch {
	case it.Type == sidecar.TypeSymlink, it.Type == sidecar.TypeHardlink:
		if it.Link, err = a.Index.Link(row.Ordinal); err != nil {
			return err
		}
	case it.Coding == coding.Segmented:
		t, err := a.Index.Segments(row.Ordinal)
		if err != nil {
			return err
		}
		it.Shift = t.Shift
		if it.Segments, err = t.AppendLengths(nil); err != nil {
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

// finish writes the set's sidecar. The error wraps format.ErrShard if the shards do not belong
// together.
func (m *Joiner) finish(dst build.File) (digest uint64, n int64, err error) {
	digest, n, err = m.Builder.Finish(dst, m.size)
	if errors.Is(err, build.ErrDuplicate) || errors.Is(err, build.ErrNoParent) ||
		errors.Is(err, build.ErrNoTarget) {
		err = fmt.Errorf("%w: %w: %w", format.ErrShard, format.ErrNotOneSet, err)
	}
	return digest, n, err
}

// FinishIn writes the set's sidecar to an empty file, durably. It returns its digest and its size
// in bytes.
func (m *Joiner) FinishIn(f *os.File) (digest uint64, n int64, err error) {
	if digest, n, err = m.finish(f); err != nil {
		return 0, 0, err
	}
	return digest, n, f.Sync()
}
