package shard

import (
	"context"
	"errors"

	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// Pack packs the directory dir into a shard set for the archive name out. Links stay inside their
// shard. A duplicate is linked to a copy there. A file with several names is stored once in each
// shard that has one of them, and Notice is called with format.ErrOtherShard and their number.
//
// The errors are those of pack.Dir. The error wraps format.ErrTooMany if the set would have more
// than format.MaxShards shards, and os.ErrInvalid if not exactly one of Size and Shards is set. It
// wraps format.ErrSetName if there is a file out, which would be read in place of the set.
func Pack(ctx context.Context, dir, out string, o PackOptions) (res PackResult, err error) {
	so := packer.ShardOptions{Size: o.Size, Shards: o.Shards}
	if err := so.Check(out); err != nil {
		return res, err
	}
	if err := shardset.CheckSetName(out); err != nil {
		return res, err
	}
	po := o.packer()
	set, err := shardset.Create(out)
	if err != nil {
		return res, err
	}
	committing := false
	defer func() {
		if !committing {
			err = errors.Join(err, set.Abort())
		}
	}()
	t, err := po.OpenTree(ctx, dir)
	if err != nil {
		return res, err
	}
	defer t.Close()
	p, err := packer.New(nil, po)
	if err != nil {
		return res, err
	}
	if err := p.SkipSet(set.Set); err != nil {
		return res, err
	}
	p.Shards = &packer.Sharder{P: p, Set: set, O: so}
	if so.Shards > 0 {
		if err := p.Shards.Measure(ctx, t); err != nil {
			return res, err
		}
	}
	walk := func(ctx context.Context) error { return p.Walk(ctx, t) }
	packed, err := p.Run(ctx, walk, nil)
	if err != nil {
		return res, err
	}
	committing = true
	committed, err := set.Commit(ctx, scan.Options{})
	if err != nil {
		return res, err
	}
	noticeOther(set, o.Notice)
	res = PackResult{
		Stats: committed.Stats, ArchiveBytes: committed.Bytes, SidecarBytes: committed.Index,
		Unread: packed.Unread,
	}
	for _, s := range committed.Shards {
		res.Shards = append(res.Shards, Shard(s))
	}
	if o.RemoveFiles {
		res.Removed, err = p.RemovePacked(ctx, t)
	}
	return res, err
}

// noticeOther calls notice if there is another set with the name of the one that was written.
func noticeOther(set *shardset.Output, notice func(error)) {
	if err := shardset.OtherSet(set.Set); err != nil && notice != nil {
		notice(err)
	}
}
