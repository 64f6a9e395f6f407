package tarpack

import (
	"context"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
)

// OpenOptions are the options of Open. The zero value, or nil, is usable.
type OpenOptions struct {
	// RequireSidecar makes a missing sidecar format.ErrNoSidecar and one that does not fit format.ErrStale.
	// Otherwise Open reads the whole archive and builds the index in memory, which takes as long as
	// decompressing it.
	RequireSidecar bool
	Workers        int // goroutines that build the index; 0 means one for each CPU

	// Notice, if set, receives one line if there is no usable sidecar.
	Notice func(message string)
	// Progress, if set, is called while the index is built, always from the same goroutine.
	Progress func(format.Progress)
}

// Open opens an archive and its sidecar. With a usable sidecar it reads 64 bytes of the archive and 320
// of the sidecar, whatever their sizes.
//
// The name may be that of an archive, of a block device with an archive on it, or one that stands for a
// shard set: the set's list, its first shard, or a glob that matches shards of one set only. A set is an
// Archive like any other. Its index is that of all shards, and offsets count as if the shards stood one
// after the other.
//
// The error wraps format.ErrNotArchive, ErrTruncated, ErrVersion or ErrCorrupt, for a set ErrShard with the name
// of the shard that is missing or belongs to another set, with RequireSidecar ErrNoSidecar or ErrStale,
// or it is the error of opening the file.
func Open(ctx context.Context, name string, o *OpenOptions) (*Archive, error) {
	if o == nil {
		o = &OpenOptions{}
	}
	io := &indexed.Options{NoIndex: o.RequireSidecar, Workers: o.Workers, Notice: o.Notice, Progress: o.Progress}
	list, isSet, err := SetList(name)
	if err != nil {
		return nil, err
	}
	if isSet {
		return openSet(ctx, list, io)
	}
	x, err := indexed.Open(ctx, name, io)
	if err != nil {
		return nil, err
	}
	return &Archive{x: x}, nil
}
