package shard

import (
	"context"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// Split writes the entries of the archive name, in the order in which pack has them, to a shard set beside it: NAME-00000-of-00016.tar.gz and so on, each a
// valid archive of its own, with all directories that its entries are in. A hard link whose target comes to another shard becomes the file there, with its
// content copied. The archive itself stays. All of the set appears, or nothing.
//
// The errors are those of Open and PackShards.
func Split(ctx context.Context, name string, o SplitOptions) (shards []Shard, err error) {
	if err := (packer.ShardOptions{Size: o.Size, Shards: o.Shards}).Check(name); err != nil {
		return nil, err
	}
	k, err := base.Open(ctx, name, 0, &indexed.Options{Workers: o.Workers, Notice: o.Notice})
	if err != nil {
		return nil, err
	}
	defer k.Close()
	pl, err := planShards(ctx, k, &o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if o.DryRun {
		for i := range pl.count {
			shards = append(shards, Shard{Name: format.ShardName(name, i, pl.count), Entries: pl.entries[i], Bytes: pl.bytes[i]})
		}
		return shards, nil
	}
	set, err := shardset.Create(name)
	if err != nil {
		return nil, err
	}
	set.Like = k.OSFile
	for i := range pl.count {
		if err := pl.write(ctx, set, uint32(i), packer.Options{Workers: o.Workers, Notice: o.Notice, Progress: o.Progress}); err != nil {
			return nil, errors.Join(err, set.Abort())
		}
	}
	res, err := set.Commit(ctx, scan.Options{})
	for _, s := range res.Shards {
		shards = append(shards, Shard(s))
	}
	return shards, err
}

// A shardPlan says which entry comes to which shard.
type shardPlan struct {
	k       *base.Archive
	count   int
	of      []uint32 // by ordinal, the shard
	last    []uint32 // of a directory, the last shard that has an entry below it
	entries []int
	bytes   []int64
}

// planShards cuts the entries, in the order of packing, into runs of about one size.
func planShards(ctx context.Context, k *base.Archive, o *SplitOptions) (*shardPlan, error) {
	n := k.Index.Len()
	p := &shardPlan{k: k, of: make([]uint32, n), last: make([]uint32, n)}
	limit := o.Size
	if o.Shards > 0 {
		st := k.Index.Stats()
		p.count = o.Shards
		limit = max(1, (k.Size+int64(st.Hardlinks)+int64(o.Shards)-1)/int64(o.Shards))
	}
	var used int64 // bytes of the shard at hand, or with Shards of all
	shard := uint32(0)
	put := func(i int, length int64) error {
		if o.Shards > 0 {
			shard = uint32(min(used/limit, int64(o.Shards-1)))
		} else if used > 0 && used+length > limit {
			shard++
			used = 0
		}
		if shard >= format.MaxShards {
			return fmt.Errorf("%w: it makes more than %d shards", format.ErrTooMany, format.MaxShards)
		}
		used += length
		p.of[i], p.last[i] = shard, shard
		return nil
	}
	var walk func(dir int) error
	walk = func(dir int) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		var later, dirs []int
		for i, err := range k.Index.Children(dir) {
			if err != nil {
				return err
			}
			e, err := k.Index.Entry(i)
			if err != nil {
				return err
			}
			switch format.Rank(e.Type) {
			case 0:
				length := e.Length()
				if e.Type == sidecar.TypeHardlink {
					length = 1
				}
				if err := put(i, length); err != nil {
					return err
				}
			case 1:
				later = append(later, i)
			default:
				dirs = append(dirs, i)
			}
		}
		for _, i := range later {
			if err := put(i, 1); err != nil {
				return err
			}
		}
		for _, i := range dirs {
			if err := put(i, 1); err != nil {
				return err
			}
			if err := walk(i); err != nil {
				return err
			}
			p.last[i] = shard
		}
		return nil
	}
	if err := walk(sidecar.Root); err != nil {
		return nil, err
	}
	if p.count == 0 {
		p.count = int(shard) + 1
	}
	p.entries, p.bytes = make([]int, p.count), make([]int64, p.count)
	for i, s := range p.of {
		e, err := k.Index.Entry(i)
		if err != nil {
			return nil, err
		}
		for q := s; q <= p.last[i]; q++ {
			p.entries[q]++
		}
		if e.Type == sidecar.TypeFile {
			p.bytes[s] += e.Length()
		}
	}
	return p, nil
}

// write writes shard i.
func (p *shardPlan) write(ctx context.Context, set *shardset.Output, i uint32, o packer.Options) error {
	dst, err := set.Next()
	if err != nil {
		return err
	}
	pk, err := packer.New(dst.Archive, o)
	if err != nil {
		return err
	}
	pk.Out.File = dst.Archive
	m := &rewrite.Merger{P: pk, Layers: []rewrite.Layer{{Kept: p.k}}, Base: -1}
	m.Choose = func(_ string, children []*rewrite.Child) int {
		if at := children[0].Ref.I; p.of[at] <= i && i <= p.last[at] {
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
