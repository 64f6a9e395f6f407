package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// openSet opens the shard set with the list of this name. With a usable list and sidecar it only checks the size of each
// shard; a shard is opened and compared with the list when something in it is read. Otherwise it joins
// the sidecars of all shards in memory.
func openSet(ctx context.Context, list string, o *indexed.Options) (*Archive, error) {
	name, ok := format.ParseListName(list)
	if !ok {
		return nil, fmt.Errorf("%s: %w: it is no name of a set's list", list, format.ErrShard)
	}
	l, err := shardset.ReadList(list, name.N)
	known := err == nil
	if !known {
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, format.ErrCorrupt) || o.NoIndex {
			return nil, shardset.NoList(list, err)
		}
		whole, listErr := shardset.ListFromShards(name)
		if listErr != nil {
			return nil, listErr
		}
		l = whole
	}
	a := openListedSet(name, l)
	if err := a.set.Check(); err != nil {
		return nil, err
	}
	if known {
		err = a.x.OpenIndex(ctx, o, false, a.buildIndex)
	} else {
		if o.Notice != nil {
			o.Notice(fmt.Sprintf("%v: putting the indexes of the shards together in memory ('tpk index' writes the list)", shardset.NoList(list, err)))
		}
		err = a.x.IndexInMemory(ctx, scan.Options{Workers: o.Workers, Progress: o.Progress}, a.buildIndex)
	}
	if err != nil {
		return nil, errors.Join(err, a.set.Close())
	}
	return a, nil
}

// openListedSet opens the shards of a set as they are needed.
func openListedSet(name format.SetName, l *shardset.List) *Archive {
	set := shardset.NewFile(name, l)
	return &Archive{set: set, x: &indexed.File{File: &archivefile.File{
		Name: name.List(), Size: set.Size(), Trailer: format.Trailer{Entries: l.Entries, Offset: set.Size(), Digest: l.Index},
	}}}
}

// Shards is the number of shards of a set, 0 if the archive is none.
func (a *Archive) Shards() int {
	if a.set == nil {
		return 0
	}
	return a.set.Name.N
}

// Shard tells in which of a set's shards the byte at off is, and at which offset there.
func (a *Archive) Shard(off int64) (shard int, local int64) {
	shard, start := a.set.Place(off)
	return shard, off - start
}

// ShardName is the name of a shard of the set.
func (a *Archive) ShardName(i int) string { return a.set.Name.Shard(i) }

// OpenShard gives the open file of a shard of the set, to be read by offset. It may be closed after release was called.
func (a *Archive) OpenShard(i int) (f *os.File, release func(), err error) {
	s, err := a.set.Acquire(i)
	if err != nil {
		return nil, nil, err
	}
	return s.File, func() { a.set.Release(s) }, nil
}
