package shardset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// A setResult says what a commit has put in its place.
type CommitResult struct {
	Shards []Shard
	Stats  sidecar.Stats
	Bytes  int64 // of all shards
	Index  int64 // of all sidecars
}

// commit makes the set's sidecar and list, and puts everything in its place. After an error nothing of the new set is left, unless its list had been put in
// its place: then all of it is there, some of it maybe under temporary names. The lock is given up in any case.
func (o *Output) Commit(ctx context.Context, opt scan.Options) (res CommitResult, err error) {
	o.Set.N = len(o.Shards)
	committed := false
	defer func() {
		if committed {
			err = errors.Join(err, o.Unlock())
			return
		}
		for _, name := range []string{o.Set.List(), o.Set.List() + format.SidecarSuffix} {
			if rmErr := os.Remove(format.TempName(name)); rmErr != nil && !errors.Is(rmErr, os.ErrNotExist) {
				err = errors.Join(err, rmErr)
			}
		}
		err = errors.Join(err, o.Abort())
	}()
	for i := range o.Set.N {
		if fi, err := os.Lstat(o.Set.Shard(i)); err == nil && !fi.Mode().IsRegular() {
			return res, fmt.Errorf("%s: %w", o.Set.Shard(i), format.ErrNotRegular)
		}
	}
	l := &List{Shards: o.Shards}
	index, n, err := o.writeIndex(ctx, l, opt, &res)
	if err != nil {
		return res, err
	}
	res.Index += n
	l.Index = index
	if err := o.WriteList(format.TempName(o.Set.List()), l); err != nil {
		return res, err
	}
	dir := filepath.Dir(o.Set.Stem)
	if err := durable.SyncDir(dir); err != nil { // the shards' temporary names must be there when the list is
		return res, err
	}
	// With the old list the new sidecar is stale, and is not used.
	if err := os.Rename(format.TempName(o.Set.List()+format.SidecarSuffix), o.Set.List()+format.SidecarSuffix); err != nil {
		return res, err
	}
	if err := os.Rename(format.TempName(o.Set.List()), o.Set.List()); err != nil {
		return res, errors.Join(err, removeOrphan(o.Set))
	}
	committed = true
	if err := durable.SyncDir(dir); err != nil {
		return res, err
	}
	for i := range o.Set.N {
		if err := placeShard(o.Set, i); err != nil {
			return res, err
		}
	}
	return res, durable.SyncDir(dir)
}

// writeIndex makes the set's sidecar under its temporary name, and counts.
func (o *Output) writeIndex(ctx context.Context, l *List, opt scan.Options, res *CommitResult) (digest uint64, n int64, err error) {
	m := NewJoiner(opt)
	defer func() { err = errors.Join(err, m.Close()) }()
	for i, s := range o.Shards {
		f, err := archivefile.Open(o.Set.Pending(i))
		if err != nil {
			return 0, 0, err
		}
		a := &indexed.File{File: f}
		if a.Index, err = a.OpenSidecarAt(o.Set.PendingIndex(i)); err != nil {
			return 0, 0, errors.Join(err, a.OSFile.Close())
		}
		res.Index += a.Index.Size()
		res.Bytes += s.Size
		res.Shards = append(res.Shards, Shard{Name: o.Set.Shard(i), Entries: a.Index.Len(), Bytes: s.Size})
		if err := m.Add(ctx, a); err != nil {
			return 0, 0, err
		}
	}
	f, err := durable.OpenTemp(format.TempName(o.Set.List() + format.SidecarSuffix))
	if err != nil {
		return 0, 0, err
	}
	if err = o.Prepare(f); err == nil {
		digest, n, err = m.FinishIn(f)
	}
	l.Entries = m.Builder.Len()
	if err == nil {
		res.Stats, err = statsOf(f, n)
	}
	return digest, n, errors.Join(err, f.Close())
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
func (o *Output) WriteList(name string, l *List) error {
	f, err := durable.OpenTemp(name)
	if err != nil {
		return err
	}
	if err = o.Prepare(f); err == nil {
		_, err = f.Write(l.Append(nil))
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Shard is one of the archives that another one was split into.
type Shard struct {
	Name    string
	Entries int // directories that are in other shards, too, included
	Bytes   int64
}
