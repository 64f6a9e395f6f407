package tarpack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar"
)

// A setResult says what a commit has put in its place.
type setResult struct {
	shards []Shard
	stats  sidecar.Stats
	bytes  int64 // of all shards
	index  int64 // of all sidecars
}

// commit makes the set's sidecar and list, and puts everything in its place. After an error nothing of the new set is left, unless its list had been put in
// its place: then all of it is there, some of it maybe under temporary names. The lock is given up in any case.
func (o *setOutput) commit(ctx context.Context, opt IndexOptions) (res setResult, err error) {
	o.set.n = len(o.shards)
	committed := false
	defer func() {
		if committed {
			err = errors.Join(err, o.unlock())
			return
		}
		for _, name := range []string{o.set.list(), o.set.list() + SidecarSuffix} {
			if rmErr := os.Remove(tempName(name)); rmErr != nil && !errors.Is(rmErr, os.ErrNotExist) {
				err = errors.Join(err, rmErr)
			}
		}
		err = errors.Join(err, o.abort())
	}()
	for i := range o.set.n {
		if fi, err := os.Lstat(o.set.shard(i)); err == nil && !fi.Mode().IsRegular() {
			return res, fmt.Errorf("%s: %w", o.set.shard(i), ErrNotRegular)
		}
	}
	l := &setList{shards: o.shards}
	index, n, err := o.writeIndex(ctx, l, opt, &res)
	if err != nil {
		return res, err
	}
	res.index += n
	l.index = index
	if err := o.writeList(tempName(o.set.list()), l); err != nil {
		return res, err
	}
	dir := filepath.Dir(o.set.stem)
	if err := syncDir(dir); err != nil { // the shards' temporary names must be there when the list is
		return res, err
	}
	// With the old list the new sidecar is stale, and is not used.
	if err := os.Rename(tempName(o.set.list()+SidecarSuffix), o.set.list()+SidecarSuffix); err != nil {
		return res, err
	}
	if err := os.Rename(tempName(o.set.list()), o.set.list()); err != nil {
		return res, errors.Join(err, removeOrphan(o.set))
	}
	committed = true
	if err := syncDir(dir); err != nil {
		return res, err
	}
	for i := range o.set.n {
		if err := placeShard(o.set, i); err != nil {
			return res, err
		}
	}
	return res, syncDir(dir)
}

// writeIndex makes the set's sidecar under its temporary name, and counts.
func (o *setOutput) writeIndex(ctx context.Context, l *setList, opt IndexOptions, res *setResult) (digest uint64, n int64, err error) {
	m := newSetIndex(opt)
	defer func() { err = errors.Join(err, m.close()) }()
	for i, s := range o.shards {
		f, err := openArchive(o.set.pending(i))
		if err != nil {
			return 0, 0, err
		}
		a := &indexedFile{archiveFile: f}
		if a.index, err = a.openSidecarAt(o.set.pendingIndex(i)); err != nil {
			return 0, 0, errors.Join(err, a.file.Close())
		}
		res.index += a.index.Size()
		res.bytes += s.size
		res.shards = append(res.shards, Shard{Name: o.set.shard(i), Entries: a.index.Len(), Bytes: s.size})
		if err := m.add(ctx, a); err != nil {
			return 0, 0, err
		}
	}
	f, err := openTemp(tempName(o.set.list() + SidecarSuffix))
	if err != nil {
		return 0, 0, err
	}
	if err = o.prepare(f); err == nil {
		digest, n, err = m.finishIn(f)
	}
	l.entries = m.builder.Len()
	if err == nil {
		res.stats, err = statsOf(f, n)
	}
	return digest, n, errors.Join(err, f.Close())
}

// finishIn writes the set's sidecar to a file, which is empty, and makes it durable.
func (m *setIndex) finishIn(f *os.File) (digest uint64, n int64, err error) {
	if digest, n, err = m.finish(f); err != nil {
		return 0, 0, err
	}
	return digest, n, f.Sync()
}

// statsOf opens a sidecar that was just written: its own reader must take it.
func statsOf(f *os.File, n int64) (sidecar.Stats, error) {
	x, err := sidecar.OpenReaderAt(f, n)
	if err != nil {
		return sidecar.Stats{}, fmt.Errorf("the sidecar that was just written: %w", err)
	}
	defer x.Close()
	return x.Stats(), nil
}

// writeList writes the list durably.
func (o *setOutput) writeList(name string, l *setList) error {
	f, err := openTemp(name)
	if err != nil {
		return err
	}
	if err = o.prepare(f); err == nil {
		_, err = f.Write(l.append(nil))
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// IndexSet writes the list of a shard set and its sidecar anew, from the shards alone, and the sidecars of those that have none that is good. A
// second writer of the set is refused (ErrLocked).
func IndexSet(ctx context.Context, list string, o IndexOptions) (res IndexResult, err error) {
	name, ok := parseListName(list)
	if !ok {
		return res, fmt.Errorf("%s: %w: it is no name of a set's list", list, ErrShard)
	}
	out, err := createSet(name.stem + name.ext)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, out.unlock()) }()
	for i := range name.n {
		a, err := openIndexed(ctx, name.shard(i), &OpenOptions{NoIndex: true})
		switch {
		case err == nil:
			err = a.close()
		case errors.Is(err, ErrNoSidecar), errors.Is(err, ErrStale):
			_, err = Reindex(ctx, name.shard(i), IndexOptions{Workers: o.Workers, TempDir: o.TempDir})
		}
		if err != nil {
			return res, missingShard(name.shard(i), name.n, err)
		}
	}
	l, err := listOf(name)
	if err != nil {
		return res, err
	}
	if out.like, err = os.Open(name.shard(0)); err != nil { // who may read the shards may read what is made of them
		return res, err
	}
	defer out.like.Close()
	temps := []string{tempName(list + SidecarSuffix), tempName(list)}
	defer func() {
		for _, t := range temps {
			if rmErr := os.Remove(t); rmErr != nil && !errors.Is(rmErr, os.ErrNotExist) {
				err = errors.Join(err, rmErr)
			}
		}
	}()
	m := newSetIndex(o)
	defer func() { err = errors.Join(err, m.close()) }()
	for i := range name.n {
		a, err := openIndexed(ctx, name.shard(i), &OpenOptions{NoIndex: true})
		if err != nil {
			return res, err
		}
		if err := m.add(ctx, a); err != nil {
			return res, err
		}
	}
	f, err := openTemp(temps[0])
	if err != nil {
		return res, err
	}
	if err = out.prepare(f); err == nil {
		res.Digest, res.SidecarBytes, err = m.finishIn(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return res, err
	}
	l.entries, l.index = m.builder.Len(), res.Digest
	res.Entries = l.entries
	if err := out.writeList(temps[1], l); err != nil {
		return res, err
	}
	for _, t := range []string{list + SidecarSuffix, list} {
		if err := os.Rename(tempName(t), t); err != nil {
			return res, err
		}
	}
	return res, syncDir(filepath.Dir(list))
}
