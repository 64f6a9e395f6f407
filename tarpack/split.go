package tarpack

import (
	"context"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
)

// SplitOptions says how to split. Exactly one of Size and Shards is to be set.
type SplitOptions struct {
	EditOptions
	Size   int64 // about how many bytes a shard has; an entry is never cut, so one that is larger makes a larger shard
	Shards int   // how many there are, 1 to MaxShards
}

// Shard is one of the archives that another one was split into.
type Shard struct {
	Name    string
	Entries int // directories that are in other shards, too, included
	Bytes   int64
}

// Split writes the entries of the archive name, in the order in which pack has them, to a shard set beside it: NAME-00000-of-00016.tar.gz and so on, each a
// valid archive of its own, with all directories that its entries are in. A hard link whose target comes to another shard becomes the file there, with its
// content copied. The archive itself stays. All of the set appears, or nothing.
//
// The errors are those of Open and PackShards.
func Split(ctx context.Context, name string, o SplitOptions) (shards []Shard, err error) {
	if err := (ShardOptions{o.Size, o.Shards}).check(name); err != nil {
		return nil, err
	}
	k, err := openKept(ctx, name, 0, &OpenOptions{Workers: o.Workers, Notice: o.Notice})
	if err != nil {
		return nil, err
	}
	defer k.close()
	pl, err := planShards(ctx, k, &o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if o.DryRun {
		for i := range pl.count {
			shards = append(shards, Shard{Name: ShardName(name, i, pl.count), Entries: pl.entries[i], Bytes: pl.bytes[i]})
		}
		return shards, nil
	}
	set, err := createSet(name)
	if err != nil {
		return nil, err
	}
	set.like = k.file
	for i := range pl.count {
		if err := pl.write(ctx, set, uint32(i), o.PackOptions); err != nil {
			return nil, errors.Join(err, set.abort())
		}
	}
	res, err := set.commit(ctx, IndexOptions{})
	return res.shards, err
}

// A shardPlan says which entry comes to which shard.
type shardPlan struct {
	k       *keptArchive
	count   int
	of      []uint32 // by ordinal, the shard
	last    []uint32 // of a directory, the last shard that has an entry below it
	entries []int
	bytes   []int64
}

// planShards cuts the entries, in the order of packing, into runs of about one size.
func planShards(ctx context.Context, k *keptArchive, o *SplitOptions) (*shardPlan, error) {
	n := k.index.Len()
	p := &shardPlan{k: k, of: make([]uint32, n), last: make([]uint32, n)}
	limit := o.Size
	if o.Shards > 0 {
		st := k.index.Stats()
		p.count = o.Shards
		limit = max(1, (k.size+int64(st.Hardlinks)+int64(o.Shards)-1)/int64(o.Shards))
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
		if shard >= MaxShards {
			return fmt.Errorf("%w: it makes more than %d shards", ErrTooMany, MaxShards)
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
		for i, err := range k.index.Children(dir) {
			if err != nil {
				return err
			}
			e, err := k.index.Entry(i)
			if err != nil {
				return err
			}
			switch rank(e.Type) {
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
		e, err := k.index.Entry(i)
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
func (p *shardPlan) write(ctx context.Context, set *setOutput, i uint32, o PackOptions) error {
	dst, err := set.next()
	if err != nil {
		return err
	}
	pk, err := newPacker(dst.archive, o)
	if err != nil {
		return err
	}
	pk.out.file = dst.archive
	m := &merger{p: pk, layers: []layer{{kept: p.k}}, base: -1}
	m.choose = func(_ string, children []*child) int {
		if at := children[0].ref.i; p.of[at] <= i && i <= p.last[at] {
			return 0
		}
		return -1
	}
	res, err := pk.run(ctx, m.walk, dst.sidecar)
	if err != nil {
		return err
	}
	return set.finish(res.ArchiveBytes, pk.digest)
}
