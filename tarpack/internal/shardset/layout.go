package shardset

import (
	"context"
	"sort"

	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/source"
)

// Source is the bytes of all shards of a set, one after the other: a File, or a set on a server.
type Source interface {
	source.Source
	// Set returns the layout of the set.
	Set() *Layout
	// BuildIndex writes the index of the set, made from those of its shards, to dst.
	BuildIndex(ctx context.Context, dst build.File, o scan.Options) error
}

// Layout is the list of a set, and where its shards are in the bytes of all.
type Layout struct {
	Name format.SetName // for messages, and for a File where the shards are
	list *List
	ends []int64 // offset of the end of each shard
}

// NewLayout returns the Layout of a set with this list.
func NewLayout(name format.SetName, l *List) *Layout {
	x := &Layout{Name: name, list: l}
	end := int64(0)
	for _, s := range l.Shards {
		end += s.Size
		x.ends = append(x.ends, end)
	}
	return x
}

// Set implements Source.
func (x *Layout) Set() *Layout { return x }

// List returns the list of the set.
func (x *Layout) List() *List { return x.list }

// Size returns the bytes of all shards.
func (x *Layout) Size() int64 { return x.ends[len(x.ends)-1] }

// ShardSize returns the bytes of shard i.
func (x *Layout) ShardSize(i int) int64 { return x.list.Shards[i].Size }

// ShardStart returns the offset where shard i begins.
func (x *Layout) ShardStart(i int) int64 { return x.ends[i] - x.ShardSize(i) }

// ShardDigest returns the digest of the sidecar of shard i.
func (x *Layout) ShardDigest(i int) uint64 { return x.list.Shards[i].Digest }

// Place returns the shard that has the byte at off, and the offset where this shard begins.
func (x *Layout) Place(off int64) (shard int, start int64) {
	shard = sort.Search(len(x.ends)-1, func(i int) bool { return off < x.ends[i] })
	return shard, x.ShardStart(shard)
}

// AsArchive describes the set as if it were one file, so that its sidecar can be opened like that
// of a file.
func (x *Layout) AsArchive() *archivefile.File {
	return &archivefile.File{Name: x.Name.List(), Size: x.Size(), Trailer: x.Trailer()}
}

// Trailer returns what the T of an archive of all shards would record.
func (x *Layout) Trailer() format.Trailer {
	return format.Trailer{Entries: x.list.Entries, Offset: x.Size(), Digest: x.list.Index,
		Features: Features}
}
