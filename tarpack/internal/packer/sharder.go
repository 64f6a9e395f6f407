package packer

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// ShardOptions says into how many shards to pack. Exactly one of Size and Shards is to be set.
type ShardOptions struct {
	Size   int64 // about how many bytes a shard has at most; an entry is never cut, so one that is larger makes a larger shard
	Shards int   // how many there are, 1 to MaxShards, of about the same bytes of content before compression
}

func (o ShardOptions) Check(name string) error {
	if (o.Size > 0) == (o.Shards > 0) || o.Size < 0 || o.Shards < 0 || o.Shards > format.MaxShards {
		return fmt.Errorf("%s: %w: shards need either a size or a number, up to %d", name, os.ErrInvalid, format.MaxShards)
	}
	return nil
}

// A sharder makes the packer go on in another shard when one is full. Only the sequencer uses it.
type Sharder struct {
	P     *Packer
	Set   *shardset.Output
	O     ShardOptions
	Limit int64 // with Shards: bytes of content a shard
	used  int64 // likewise: of all shards so far
	dirs  []format.Header
}

// What an entry costs beside its content, about.
const (
	headerCost = 160 // bytes of H and P
	linkCost   = 40  // in a group
	entryCost  = 512 // bytes of content that cost as much as an entry
)

// measure goes through the tree and divides it by the number of shards.
func (s *Sharder) Measure(ctx context.Context, t *tree.Tree) (int64, error) {
	total := int64(0)
	w := s.P.Walker()
	w.Notice = func(error) {} // the walk that packs says it
	w.Entry = func(e tree.Entry) error {
		total += sourceCost(&e)
		e.Dir.Release()
		return nil
	}
	w.EndDir = func() error { return nil }
	err := w.Walk(ctx, t)
	n := int64(s.O.Shards)
	return max(1, (total+n-1)/n), err
}

func sourceCost(e *tree.Entry) int64 {
	if e.Typ == sidecar.TypeFile {
		return e.Info.Size() + entryCost
	}
	return entryCost / 4
}

// begin begins the first shard.
func (s *Sharder) begin() error {
	out, err := s.Set.Next()
	if err != nil {
		return err
	}
	*s.P.Out = output.Writer{W: out.Archive, File: out.Archive} // in its place: workers look whether there is one
	s.P.builder = build.New(build.Options{})
	return nil
}

// before makes sure that the entry comes to the right shard.
func (s *Sharder) before(ctx context.Context, it *Item) error {
	path := it.Path()
	for len(s.dirs) > 0 && !strings.HasPrefix(path, s.dirs[len(s.dirs)-1].Path+"/") {
		s.dirs = s.dirs[:len(s.dirs)-1]
	}
	if s.O.Shards > 0 {
		want := min(int(s.used/s.Limit), s.O.Shards-1)
		s.used += sourceCost(&it.Entry)
		for len(s.Set.Shards) < want {
			if err := s.roll(); err != nil {
				return err
			}
		}
		return nil
	}
	cost, err := s.cost(ctx, it)
	if err != nil {
		return err
	}
	have := s.P.Out.Off + int64(len(s.P.links)+len(s.P.group.items))*linkCost
	if len(s.P.group.items) == len(s.dirs) && s.P.Out.Off == 0 && len(s.P.links) == 0 {
		have = 0 // nothing but the directories above
	}
	if have > 0 && have+cost+format.TrailerSize > s.O.Size {
		return s.roll()
	}
	return nil
}

// cost is how many bytes an entry will take in the shard at hand, about.
func (s *Sharder) cost(ctx context.Context, it *Item) (int64, error) {
	if it.Typ != sidecar.TypeFile || it.LaterName && s.P.dedup.byInode[it.Inode] != nil {
		return linkCost, nil
	}
	if it.ready == nil {
		return it.Info.Size() + it.Info.Size()/4096 + 2*headerCost, nil
	}
	select {
	case <-it.ready:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	switch {
	case it.err != nil: // placing it says so
		return 0, nil
	case it.Inode == (durable.Inode{}) && it.key != 0 && len(s.P.dedup.copies.candidates(it.key)) > 0:
		return linkCost, nil
	case it.member == nil && len(it.Content.B) > 0: // it waited for a copy, which is in another shard
		if err := it.compress(s.P.maker); err != nil {
			return 0, tree.Error(it.Path(), err)
		}
	case it.member == nil:
		return headerCost, nil
	}
	return int64(len(it.member.B)) + headerCost, nil
}

// roll ends the shard at hand and begins the next one, with the directories that are above the next entry.
func (s *Sharder) roll() error {
	if err := s.end(); err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	s.P.dedup.forget()
	for _, h := range s.dirs {
		if err := s.P.AddToGroup(Link{Header: h}); err != nil {
			return err
		}
		s.P.progress.Entries-- // it was counted before
	}
	return nil
}

// end ends the shard at hand.
func (s *Sharder) end() error {
	if err := s.P.placeLinks(); err != nil {
		return err
	}
	if err := s.P.FlushGroup(); err != nil {
		return err
	}
	res, err := s.P.finish(s.Set.At.Sidecar)
	if err != nil {
		return err
	}
	if err := s.P.builder.Close(); err != nil {
		return err
	}
	return s.Set.Finish(res.ArchiveBytes, s.P.Digest)
}

// complete ends the last shard. Where the tree has too little for all of them, the others are empty.
func (s *Sharder) complete() error {
	if err := s.end(); err != nil {
		return err
	}
	s.dirs = nil
	for len(s.Set.Shards) < s.O.Shards {
		if err := s.begin(); err != nil {
			return err
		}
		if err := s.end(); err != nil {
			return err
		}
	}
	return nil
}

// prepareAgain makes a further name of a file, whose first is in another shard, a file of its own.
func (p *Packer) prepareAgain(it *Item) {
	it.LaterName = false
	if it.Info.Size() > InMemory {
		return
	}
	it.ready = make(chan struct{})
	it.err = p.prepare(it, p.maker)
	close(it.ready)
}
