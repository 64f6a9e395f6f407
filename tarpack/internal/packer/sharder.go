package packer

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/cut"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/tarwriter"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// ShardOptions divide an archive into shards. Exactly one of Size and Shards is set.
type ShardOptions struct {
	// Size is about how many bytes a shard has at most. A larger entry makes a larger shard,
	// because no entry is cut.
	Size int64
	// Shards is how many shards there are, 1 to format.MaxShards, of about the same bytes of
	// content. There are fewer if there are fewer entries.
	Shards int
}

// Check returns os.ErrInvalid, with the name of the archive, if the options are out of range.
func (o ShardOptions) Check(name string) error {
	if (o.Size > 0) == (o.Shards > 0) || o.Size < 0 || o.Shards < 0 || o.Shards > format.MaxShards {
		const want = "shards need either a size or a number, up to"
		return fmt.Errorf("%s: %w: %s %d", name, os.ErrInvalid, want, format.MaxShards)
	}
	return nil
}

// A Sharder makes a Packer continue in another shard when one is full. It is for the sequencer
// alone.
type Sharder struct {
	P   *Packer
	Set *shardset.Output
	O   ShardOptions

	cutter  *cut.Cutter // with O.Shards; see Measure
	dirs    []format.Header
	builder *build.Builder // of the current shard
	seq     *sequencer
}

// What an entry costs beside its content, about.
const (
	headerCost = 160 // bytes of H and P
	linkCost   = 40  // bytes of a header in a group
)

// Measure goes through the tree to find out how large the shards become, with O.Shards. It lowers
// O.Shards to the number of entries.
func (s *Sharder) Measure(ctx context.Context, t *tree.Tree) error {
	total, entries := int64(0), int64(0)
	add := func(typ sidecar.Type, size int64) {
		total += cut.Cost(typ, size)
		entries++
	}
	for range t.Parents() {
		add(sidecar.TypeDir, 0)
	}
	w := s.P.Walker()
	w.Notice = func(error) {} // the walk that packs sends them
	w.Entry = func(e tree.Entry) error {
		add(e.Typ, fileSize(&e))
		e.Dir.Release()
		return nil
	}
	w.EndDir = func() error { return nil }
	if err := w.Walk(ctx, t); err != nil {
		return err
	}
	s.cutter = cut.New(s.O.Shards, entries, total)
	s.O.Shards = s.cutter.Shards()
	return nil
}

// start begins the first shard.
func (s *Sharder) start(seq *sequencer) error {
	s.seq = seq
	return s.begin()
}

// begin begins a shard.
func (s *Sharder) begin() error {
	out, err := s.Set.Next()
	if err != nil {
		return err
	}
	s.builder = build.New(build.Options{SHA256: s.P.Options.SHA256})
	s.builder.MarkShard()
	s.P.Out.Writer = &output.Writer{W: out.Archive, File: out.Archive}
	s.P.Out.Index = s.builder
	return nil
}

// before makes sure that the item goes to the right shard.
func (s *Sharder) before(ctx context.Context, it *Item) error {
	for len(s.dirs) > 0 && !strings.HasPrefix(it.path, s.dirs[len(s.dirs)-1].Path+"/") {
		s.dirs = s.dirs[:len(s.dirs)-1]
	}
	if s.O.Shards > 0 {
		if s.cutter.Next(cut.Cost(it.Type, it.size)) > len(s.Set.Shards) {
			return s.roll()
		}
		return nil
	}
	cost, err := s.cost(ctx, it)
	if err != nil {
		return err
	}
	grouped, links := s.P.Out.Waiting()
	have := s.P.Out.Off + int64(links+grouped)*linkCost
	if grouped == len(s.dirs) && s.P.Out.Off == 0 && links == 0 {
		have = 0 // nothing but the directories above
	}
	if have > 0 && have+cost+format.EndSize > s.O.Size {
		return s.roll()
	}
	return nil
}

// cost returns about how many bytes an item will take in the current shard.
func (s *Sharder) cost(ctx context.Context, it *Item) (int64, error) {
	if it.Type != sidecar.TypeFile || it.LaterName && s.seq.known.ByInode[it.Inode] != nil {
		return linkCost, nil
	}
	if it.ready == nil {
		return it.size + it.size/4096 + 2*headerCost, nil
	}
	select {
	case <-it.ready:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	switch {
	case it.err != nil: // placing it returns the error
		return 0, nil
	case it.Inode == (durable.Inode{}) && it.key != 0 && len(s.seq.known.Candidates(it.key)) > 0:
		return linkCost, nil
	case it.Member == nil && len(it.Bytes.B) > 0: // it waited for a copy, which is in another shard
		if err := s.seq.compress(it); err != nil {
			return 0, tree.Error(it.path, err)
		}
	case it.Member == nil:
		return headerCost, nil
	}
	return int64(len(it.Member.B)) + headerCost, nil
}

// roll ends the current shard and begins the next one, with the directories above the next entry.
func (s *Sharder) roll() error {
	if err := s.end(); err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	s.seq.known.Forget()
	for _, h := range s.dirs {
		if err := s.P.Out.Repeat(tarwriter.Link{Header: h}); err != nil {
			return err
		}
	}
	return nil
}

// end ends the current shard.
func (s *Sharder) end() error {
	if err := s.P.Out.FlushLinks(); err != nil {
		return err
	}
	if err := s.P.Out.FlushGroup(); err != nil {
		return err
	}
	res, err := s.P.Out.Finish(s.builder, s.Set.At.Sidecar)
	if err != nil {
		return err
	}
	if err := s.builder.Close(); err != nil {
		return err
	}
	return s.Set.Finish(res.ArchiveBytes, res.Digest)
}

// complete ends the last shard. If the tree has lost entries since Measure, so that there are too
// few for all shards, the others are empty.
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
