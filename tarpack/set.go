package tarpack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// openSet opens the shard set with the list of this name. With a usable list and sidecar it only
// checks the size of each shard; a shard is opened and compared with the list when something in it
// is read. Otherwise it joins the sidecars of all shards in memory.
func openSet(ctx context.Context, list string, o *OpenOptions) (*Archive, error) {
	name, ok := format.ParseListName(list)
	if !ok {
		return nil, fmt.Errorf("%s: %w: it is no name of a set's list", list, format.ErrShard)
	}
	l, err := shardset.ReadList(list, name.N)
	known := err == nil
	if !known {
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, format.ErrCorrupt) || o.RequireSidecar {
			return nil, shardset.NoList(list, err)
		}
		whole, listErr := shardset.ListFromShards(name)
		if listErr != nil {
			return nil, listErr
		}
		l = whole
	}
	set := shardset.NewFile(name, l)
	if err := set.CheckShards(); err != nil {
		return nil, err
	}
	x := &indexed.File{File: setFile(set, l)}
	rebuild := func(ctx context.Context, dst build.File, o scan.Options) error {
		_, _, err := shardset.Join(ctx, name, dst, o)
		return err
	}
	if known {
		err = x.OpenIndex(ctx, o.indexed(), false, rebuild)
	} else {
		if o.Notice != nil {
			o.Notice(fmt.Errorf("%w: %w", shardset.NoList(list, err), format.ErrIndexRebuilt))
		}
		x.Rebuilt = true
		x.Index, err = indexed.InMemory(ctx, list,
			scan.Options{Workers: o.Workers, Progress: o.Progress}, rebuild)
	}
	if err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return &Archive{name: cmp.Or(o.Name, list), src: set, trailer: x.Trailer, index: x.Index,
		rebuilt: x.Rebuilt, build: rebuild}, nil
}

// setFile describes a set as if it were one file, so that its sidecar can be opened like that of a
// file.
func setFile(set *shardset.File, l *shardset.List) *archivefile.File {
	return &archivefile.File{
		Name: set.Name.List(), Size: set.Size(), Trailer: format.Trailer{Entries: l.Entries,
			Offset: set.Size(), Digest: l.Index},
	}
}
