package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// OpenSet opens the shard set whose list has the name list (see SetName). A set is an Archive like any other: its index is that of all shards, and
// offsets count as if these stood one after the other. With a good list and sidecar that takes a look at each shard's size; a shard
// is opened, and held against the list, when something in it is read. Without them the sidecars of all shards are put together in memory.
//
// The error wraps ErrShard and names the file where a shard is missing or belongs to another set, or is one of Open.
func OpenSet(ctx context.Context, list string, o *OpenOptions) (*Archive, error) {
	if o == nil {
		o = &OpenOptions{}
	}
	name, ok := parseListName(list)
	if !ok {
		return nil, fmt.Errorf("%s: %w: it is no name of a set's list", list, ErrShard)
	}
	l, err := readList(list, name.n)
	known := err == nil
	if !known {
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrCorrupt) || o.NoIndex {
			return nil, noList(list, err)
		}
		whole, listErr := name.listOf()
		if listErr != nil {
			return nil, listErr
		}
		l = whole
	}
	a := &Archive{name: list, set: newSetFile(name, l)}
	a.size = a.set.size()
	a.trailer = Trailer{Entries: l.entries, Offset: a.size, Digest: l.index}
	if err := a.set.check(); err != nil {
		return nil, err
	}
	if known {
		err = a.openIndex(ctx, o, false)
	} else {
		if o.Notice != nil {
			o.Notice(fmt.Sprintf("%v: putting the indexes of the shards together in memory ('tpk index' writes the list)", noList(list, err)))
		}
		err = a.indexInMemory(ctx, IndexOptions{Workers: o.Workers, Progress: o.Progress})
	}
	if err != nil {
		return nil, errors.Join(err, a.set.Close())
	}
	return a, nil
}

// noList is an error of reading a list.
func noList(list string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: the set has no list", list, ErrNoSidecar)
	}
	if errors.Is(err, ErrCorrupt) {
		return fmt.Errorf("%w: %w", ErrStale, err)
	}
	return err
}

// Shards is the number of shards of a set, 0 if the archive is none.
func (a *Archive) Shards() int {
	if a.set == nil {
		return 0
	}
	return a.set.name.n
}

// Shard tells in which of a set's shards the byte at off is, and at which offset there.
func (a *Archive) Shard(off int64) (shard int, local int64) {
	shard, start := a.set.place(off)
	return shard, off - start
}

// ShardName is the name of a shard of the set.
func (a *Archive) ShardName(i int) string { return a.set.name.shard(i) }

// OpenShard gives the open file of a shard of the set, to be read by offset. It may be closed after release was called.
func (a *Archive) OpenShard(i int) (f *os.File, release func(), err error) {
	s, err := a.set.acquire(i)
	if err != nil {
		return nil, nil, err
	}
	return s.file, func() { a.set.release(s) }, nil
}

// indexSet makes the set's sidecar from those of its shards.
func (a *Archive) indexSet(ctx context.Context, dst build.File, o IndexOptions) (digest uint64, n int64, err error) {
	m := newSetIndex(o)
	defer func() { err = errors.Join(err, m.close()) }()
	for i := range a.set.list.shards {
		s, err := OpenContext(ctx, a.set.name.shard(i), &OpenOptions{Workers: o.Workers})
		if err != nil {
			return 0, 0, missingShard(a.set.name.shard(i), a.set.name.n, err)
		}
		if err := m.add(ctx, s); err != nil {
			return 0, 0, err
		}
	}
	return m.finish(dst)
}

// A setIndex puts the indexes of shards together.
type setIndex struct {
	o        IndexOptions
	builder  *build.Builder
	before   *Archive // the shard before
	size     int64    // of the shards so far
	progress Progress
}

func newSetIndex(o IndexOptions) *setIndex {
	return &setIndex{o: o, builder: build.New(build.Options{TempDir: o.TempDir})}
}

// close drops what it holds.
func (m *setIndex) close() error {
	err := m.builder.Close()
	if m.before != nil {
		err = errors.Join(err, m.before.Close())
	}
	m.before = nil
	return err
}

// add adds the entries of the next shard, which the setIndex closes. A directory with entries in several shards is in each of
// them, and in all between; that of the first counts.
func (m *setIndex) add(ctx context.Context, a *Archive) (err error) {
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
		i, ok, err := before.index.Lookup(string(row.Path))
		if err != nil || !ok {
			return false, err
		}
		e, err := before.index.Entry(i)
		return e.Type == sidecar.TypeDir, err
	}
	// Entries whose headers share a member must come in the order in which they stand in it, which their paths are in too.
	for row, err := range a.index.All(0, a.index.Len()) {
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
			return fmt.Errorf("%s: %w", a.name, err)
		}
	}
	m.size += a.size
	return nil
}

// item adds an entry.
func (m *setIndex) item(a *Archive, row *sidecar.Row) (err error) {
	it := build.Item{Entry: row.Entry, Path: string(row.Path)}
	it.Offset += m.size
	switch {
	case it.Type == sidecar.TypeSymlink, it.Type == sidecar.TypeHardlink:
		if it.Link, err = a.index.Link(row.Ordinal); err != nil {
			return err
		}
	case it.Coding == coding.Segmented:
		t, err := a.index.Segments(row.Ordinal)
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
	return m.builder.Add(it)
}

// finish writes the set's sidecar.
func (m *setIndex) finish(dst build.File) (digest uint64, n int64, err error) {
	digest, n, err = m.builder.Finish(dst, m.size)
	if errors.Is(err, build.ErrDuplicate) || errors.Is(err, build.ErrNoParent) || errors.Is(err, build.ErrNoTarget) {
		err = fmt.Errorf("%w: its shards are not of one set: %w", ErrShard, err)
	}
	return digest, n, err
}
