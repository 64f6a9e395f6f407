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

// finishIn writes the set's sidecar to a file, which is empty, and makes it durable.
func (m *Joiner) FinishIn(f *os.File) (digest uint64, n int64, err error) {
	if digest, n, err = m.finish(f); err != nil {
		return 0, 0, err
	}
	return digest, n, f.Sync()
}

// joinShards writes the sidecar of a set to dst, put together from those of its shards.
func Join(ctx context.Context, name format.SetName, dst build.File, o scan.Options) (digest uint64, n int64, err error) {
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

// A setIndex puts the indexes of shards together.
type Joiner struct {
	o        scan.Options
	Builder  *build.Builder
	before   *indexed.File // the shard before
	size     int64         // of the shards so far
	progress format.Progress
}

func NewJoiner(o scan.Options) *Joiner {
	return &Joiner{o: o, Builder: build.New(build.Options{TempDir: o.TempDir})}
}

// close drops what it holds.
func (m *Joiner) Close() error {
	err := m.Builder.Close()
	if m.before != nil {
		err = errors.Join(err, m.before.Close())
	}
	m.before = nil
	return err
}

// add adds the entries of the next shard, which the setIndex closes. A directory with entries in several shards is in each of
// them, and in all between; that of the first counts.
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
	// Entries whose headers share a member must come in the order in which they stand in it, which their paths are in too.
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

// item adds an entry.
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

// finish writes the set's sidecar.
func (m *Joiner) finish(dst build.File) (digest uint64, n int64, err error) {
	digest, n, err = m.Builder.Finish(dst, m.size)
	if errors.Is(err, build.ErrDuplicate) || errors.Is(err, build.ErrNoParent) || errors.Is(err, build.ErrNoTarget) {
		err = fmt.Errorf("%w: its shards are not of one set: %w", format.ErrShard, err)
	}
	return digest, n, err
}
