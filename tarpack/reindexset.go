package tarpack

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// reindexSet is Reindex for a set, by the name of its list.
func reindexSet(ctx context.Context, list string, o ReindexOptions) (res ReindexResult, err error) {
	name, ok := format.ParseListName(list)
	if !ok {
		return res, fmt.Errorf("%s: %w: it is no name of a set's list", list, format.ErrShard)
	}
	out, err := shardset.Create(name.Stem + name.Ext)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, out.Unlock()) }()
	out.Set.N = name.N
	for i := range name.N {
		err := indexed.NeedSidecar(ctx, name.Shard(i), scan.Options{Workers: o.Workers})
		if err != nil {
			return res, shardset.MissingShard(name.Shard(i), name.N, err)
		}
	}
	l, err := shardset.ListFromShards(name)
	if err != nil {
		return res, err
	}
	// The new files get its permissions.
	if out.Like, err = osfile.OpenFile(name.Shard(0), os.O_RDONLY, 0); err != nil {
		return res, err
	}
	defer out.Like.Close()
	temps := []string{format.TempName(list + format.SidecarSuffix), format.TempName(list)}
	committed := false
	defer func() {
		if committed {
			return // what still has its temporary name belongs to the list
		}
		for _, t := range temps {
			if rmErr := os.Remove(t); rmErr != nil && !errors.Is(rmErr, os.ErrNotExist) {
				err = errors.Join(err, rmErr)
			}
		}
	}()
	m := shardset.NewJoiner(o.scan())
	defer func() { err = errors.Join(err, m.Close()) }()
	for i := range name.N {
		a, err := indexed.Open(ctx, name.Shard(i), &indexed.Options{RequireSidecar: true})
		if err != nil {
			return res, err
		}
		if err := m.Add(ctx, name.Shard(i), a); err != nil {
			return res, err
		}
	}
	f, err := durable.OpenTemp(temps[0])
	if err != nil {
		return res, err
	}
	if err = out.Prepare(f); err == nil {
		res.Digest, res.SidecarBytes, err = m.FinishIn(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return res, err
	}
	l.Entries, l.Index = m.Builder.Len(), res.Digest
	res.Entries = l.Entries
	if err := out.WriteList(temps[1], l); err != nil {
		return res, err
	}
	committed, err = out.PlaceList()
	return res, err
}
