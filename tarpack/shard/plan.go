package shard

import (
	"context"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/cut"
	"github.com/tarpack/tpk/tarpack/internal/unkept"
)

// linkCost is the share of a link or a directory in the size of a shard, in bytes. It is small
// because many of them share a member, but not 0: an archive of nothing but links is divided too.
const linkCost = 1

// A plan assigns each entry of an archive to a shard.
type plan struct {
	base    *base.Archive
	count   int            // number of shards
	first   []uint32       // by ordinal: the shard of the entry
	last    []uint32       // by ordinal: of a directory, the last shard with an entry below it
	entries []int          // by shard
	bytes   []int64        // by shard: of files
	apart   unkept.Counter // of hard links that become files of their own
}

// newPlan divides the entries of an archive, in the order of packing, into shards of about equal
// size.
func newPlan(ctx context.Context, k *base.Archive, o *SplitOptions) (*plan, error) {
	n := k.Index.Len()
	p := &plan{base: k, count: o.Shards, first: make([]uint32, n), last: make([]uint32, n)}
	pr := &planner{plan: p, limit: o.Size}
	if o.Shards > 0 {
		pr.cutter = cut.New(o.Shards, int64(n), k.Size+int64(n)*linkCost)
		p.count = pr.cutter.Shards()
	}
	if err := pr.dir(ctx, sidecar.Root); err != nil {
		return nil, err
	}
	if p.count == 0 {
		p.count = int(pr.shard) + 1
	}
	return p, p.sum()
}

// holds reports whether shard has the entry i: it is in the shard itself, or is a directory above
// one of the shard's entries.
func (p *plan) holds(shard, i uint32) bool { return p.first[i] <= shard && shard <= p.last[i] }

// sum counts the entries and bytes of each shard.
func (p *plan) sum() error {
	p.entries, p.bytes = make([]int, p.count), make([]int64, p.count)
	for i, shard := range p.first {
		e, err := p.base.Index.Entry(i)
		if err != nil {
			return err
		}
		for s := shard; s <= p.last[i]; s++ {
			p.entries[s]++
		}
		if e.Type == sidecar.TypeFile {
			p.bytes[shard] += e.Length()
		}
	}
	return p.countApart()
}

// countApart counts the hard links, other than duplicates, that become files of their own: in each
// shard the first name of a file that is in an earlier shard as well.
func (p *plan) countApart() error {
	type place struct{ file, shard uint32 }
	seen := map[place]bool{}
	x := p.base.Index
	if st := x.Stats(); st.Hardlinks == st.Duplicates {
		return nil
	}
	for row, err := range x.All(0, x.Len()) {
		if err != nil {
			return err
		}
		if row.Entry.Type != sidecar.TypeHardlink || row.Entry.Duplicate {
			continue
		}
		at := place{row.Entry.Target, p.first[row.Ordinal]}
		if at.shard != p.first[at.file] && !seen[at] {
			seen[at] = true
			p.apart.Name(string(row.Path))
		}
	}
	return nil
}

// notice sends what is not kept.
func (p *plan) notice(send func(error)) {
	if send == nil {
		return
	}
	for _, err := range p.apart.Notices() {
		send(err)
	}
}

// A planner fills in a plan. It visits the entries in the order of packing.
type planner struct {
	*plan
	cutter *cut.Cutter // if the number of shards is given
	limit  int64       // bytes a shard, if it is not
	used   int64       // bytes of the current shard, if it is not
	shard  uint32
}

// dir assigns everything below the directory with the given ordinal: its files first, then its
// links, then one subdirectory after the other.
func (p *planner) dir(ctx context.Context, dir int) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	var links, dirs []int
	for i, err := range p.base.Index.Children(dir) {
		if err != nil {
			return err
		}
		e, err := p.base.Index.Entry(i)
		if err != nil {
			return err
		}
		switch format.Rank(e.Type) {
		case 0:
			if err := p.assign(i, cost(&e)); err != nil {
				return err
			}
		case 1:
			links = append(links, i)
		default:
			dirs = append(dirs, i)
		}
	}
	for _, i := range links {
		if err := p.assign(i, linkCost); err != nil {
			return err
		}
	}
	for _, i := range dirs {
		if err := p.assign(i, linkCost); err != nil {
			return err
		}
		if err := p.dir(ctx, i); err != nil {
			return err
		}
		p.last[i] = p.shard
	}
	return nil
}

// cost returns the share of a file or hard link in the size of a shard, in bytes.
func cost(e *sidecar.Entry) int64 {
	if e.Type == sidecar.TypeHardlink {
		return linkCost
	}
	return e.Length()
}

// assign puts entry i into the current shard, or into the next one if the current shard is full.
func (p *planner) assign(i int, length int64) error {
	if p.cutter != nil {
		p.shard = uint32(p.cutter.Next(length))
	} else if p.used > 0 && p.used+length > p.limit {
		p.shard++
		p.used = 0
	}
	if p.shard >= format.MaxShards {
		return fmt.Errorf("%w: it makes more than %d shards", format.ErrTooMany, format.MaxShards)
	}
	p.used += length
	p.first[i], p.last[i] = p.shard, p.shard
	return nil
}
