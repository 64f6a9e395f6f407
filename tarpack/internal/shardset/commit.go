package shardset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// Shard describes a shard of a set that was written.
type Shard struct {
	Name    string
	Entries int // including directories that are in other shards, too
	Bytes   int64
}

// CommitResult describes a set that was committed.
type CommitResult struct {
	Shards []Shard
	Stats  sidecar.Stats // of the whole set
	Bytes  int64         // of all shards
	Index  int64         // bytes of all sidecars
}

// Commit writes the set's sidecar and list, and gives all files their names. It releases the lock
// in any case.
//
// After an error nothing of the new set is left, unless the list has its name already. Then the
// whole set is there, perhaps with some files under temporary names, which readers accept.
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
	committed, err = o.PlaceList()
	return res, err
}

// PlaceList gives the list its name, which commits the set, and then the set's sidecar and the
// shards. All of them are durable under their temporary names.
//
// If committed is false after an error, the names are as before. Otherwise some files may still
// have their temporary names, and the error wraps format.ErrTempNames.
func (o *Output) PlaceList() (committed bool, err error) {
	dir, list := filepath.Dir(o.Set.Stem), o.Set.List()
	// The temporary names must be durable before the list is there.
	if err := durable.SyncDir(dir); err != nil {
		return false, err
	}
	if err := osfile.Rename(format.TempName(list), list); err != nil {
		return false, err
	}
	if err := o.placeFiles(dir); err != nil {
		return true, fmt.Errorf("%w: %w", err, format.ErrTempNames)
	}
	return true, durable.SyncDir(dir)
}

// placeFiles gives the sidecar and the shards of a committed set their names.
func (o *Output) placeFiles(dir string) error {
	// The new name of the list must be durable before the old files are replaced.
	if err := durable.SyncDir(dir); err != nil {
		return err
	}
	side := o.Set.List() + format.SidecarSuffix
	if err := osfile.Rename(format.TempName(side), side); err != nil {
		return err
	}
	for i := range o.Shards {
		if o.isKept(i) {
			continue
		}
		if err := placeShard(o.Set, i); err != nil {
			return err
		}
	}
	return nil
}

// writeIndex writes the set's sidecar under its temporary name, and adds up the result.
func (o *Output) writeIndex(
	ctx context.Context, l *List, opt scan.Options, res *CommitResult,
) (digest uint64, n int64, err error) {
	m := NewJoiner(opt)
	defer func() { err = errors.Join(err, m.Close()) }()
	for i, s := range o.Shards {
		a, err := o.openShard(ctx, i)
		if err != nil {
			return 0, 0, err
		}
		res.Index += a.Index.Size()
		res.Bytes += s.Size
		res.Shards = append(res.Shards,
			Shard{Name: o.Set.Shard(i), Entries: a.Index.Len(), Bytes: s.Size})
		if err := m.Add(ctx, o.Set.Shard(i), a); err != nil {
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

// openShard opens shard i with its index.
func (o *Output) openShard(ctx context.Context, i int) (*indexed.File, error) {
	if o.isKept(i) {
		io := &indexed.Options{}
		a, err := indexed.Open(ctx, o.Set.Shard(i), io)
		if err != nil {
			return nil, err
		}
		if err := a.MakeSound(ctx, io, a.BuildIndex); err != nil {
			return nil, errors.Join(err, a.Close())
		}
		return a, nil
	}
	f, err := archivefile.Open(o.Set.Pending(i))
	if err != nil {
		return nil, err
	}
	a := &indexed.File{File: f}
	if a.Index, err = a.OpenSidecarAt(o.Set.PendingIndex(i)); err != nil {
		return nil, errors.Join(err, a.OSFile.Close())
	}
	return a, nil
}

// statsOf opens a sidecar that was just written, which must succeed, and returns its counts.
func statsOf(f *os.File, n int64) (sidecar.Stats, error) {
	x, err := sidecar.OpenReaderAt(f, n)
	if err != nil {
		return sidecar.Stats{}, fmt.Errorf("the sidecar that was just written: %w", err)
	}
	defer x.Close()
	return x.Stats(), nil
}

// WriteList writes a list to the file name, durably.
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
