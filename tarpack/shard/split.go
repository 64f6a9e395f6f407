package shard

import (
	"context"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// Split copies the archive name into a shard set next to it, and returns the shards in order. The
// archive itself stays, and so do its compressed members. So do its links: a duplicate becomes no
// file, and an equal file no duplicate, except that a hard link with its target in another shard
// becomes a file there, with the content copied. If such links are no duplicates, Notice is called
// with format.ErrOtherShard and their number.
//
// The name may stand for a set, as in tarpack.Open. Then its entries are divided again. If the new
// set has as many shards, it replaces the old one as a whole; otherwise the old one stays.
//
// The errors are those of tarpack.Open and Pack.
func Split(ctx context.Context, name string, o SplitOptions) (shards []Shard, err error) {
	if err := (packer.ShardOptions{Size: o.Size, Shards: o.Shards}).Check(name); err != nil {
		return nil, err
	}
	k, err := base.OpenAny(ctx, name, 0, &indexed.Options{Workers: o.Workers, Notice: o.Notice})
	if err != nil {
		return nil, err
	}
	defer k.Close()
	if k.Set != nil {
		name = k.Set.Shards.Name.Archive()
	}
	p, err := newPlan(ctx, k, &o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.notice(o.Notice)
	if o.DryRun {
		for i := range p.count {
			s := Shard{Name: format.ShardName(name, i, p.count), Entries: p.entries[i], Bytes: p.bytes[i]}
			shards = append(shards, s)
		}
		return shards, nil
	}
	set, err := shardset.Create(name)
	if err != nil {
		return nil, err
	}
	like, release, err := k.First()
	if err != nil {
		return nil, errors.Join(err, set.Abort())
	}
	defer release()
	set.Like = like
	po := packer.Options{
		KeepLinks: true, SHA256: k.Index.HasSHA256(),
		Workers: o.Workers, Notice: o.Notice, Progress: o.Progress,
	}
	for i := range p.count {
		if err := p.write(ctx, set, uint32(i), po); err != nil {
			return nil, errors.Join(err, set.Abort())
		}
	}
	res, err := set.Commit(ctx, scan.Options{})
	if err == nil {
		noticeOther(set, o.Notice)
	}
	for _, s := range res.Shards {
		shards = append(shards, Shard(s))
	}
	return shards, err
}

// write writes the shard with number i.
func (p *plan) write(ctx context.Context, set *shardset.Output, i uint32, o packer.Options) error {
	dst, err := set.Next()
	if err != nil {
		return err
	}
	pk, err := packer.New(dst.Archive, o)
	if err != nil {
		return err
	}
	pk.Out.File, pk.Shard = dst.Archive, true
	m := &rewrite.Merger{P: pk, Layers: []rewrite.Layer{{Archive: p.base}}, Base: -1}
	m.Choose = func(_ string, children []*rewrite.Child) int {
		if p.holds(i, children[0].Ref.I) {
			return 0
		}
		return -1
	}
	res, err := pk.Run(ctx, m.Walk, dst.Sidecar)
	if err != nil {
		return err
	}
	return set.Finish(res.ArchiveBytes, res.Digest)
}
