package tarpack

import (
	"cmp"
	"context"
	"fmt"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// openSet opens the shard set with the list of this name.
func openSet(ctx context.Context, list string, o *OpenOptions) (*Archive, error) {
	name, ok := format.ParseListName(list)
	if !ok {
		return nil, fmt.Errorf("%s: %w: it is no name of a set's list", list, format.ErrShard)
	}
	s, err := shardset.Open(ctx, name, o.indexed())
	if err != nil {
		return nil, err
	}
	return &Archive{
		name: cmp.Or(o.Name, list), src: s.Shards, trailer: s.Trailer, index: s.Index,
		rebuilt: s.Rebuilt, build: s.BuildIndex,
	}, nil
}
