package tarpack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// ShardOptions says into how many shards to pack. Exactly one of Size and Shards is to be set.
type ShardOptions struct {
	Size   int64 // about how many bytes a shard has at most; an entry is never cut, so one that is larger makes a larger shard
	Shards int   // how many there are, 1 to MaxShards, of about the same bytes of content before compression
}

func (o ShardOptions) check(name string) error {
	if (o.Size > 0) == (o.Shards > 0) || o.Size < 0 || o.Shards < 0 || o.Shards > MaxShards {
		return fmt.Errorf("%s: %w: shards need either a size or a number, up to %d", name, os.ErrInvalid, MaxShards)
	}
	return nil
}

// PackShards packs the directory dir into a shard set of the archive name out: OUT-00000-of-00016.tar.gz and so on, with a list and a sidecar for all of them.
// All of the set appears, or nothing. The shards follow each other in the order of Pack; each is an archive of its own, with all directories that its entries are in. A
// duplicate is linked to a copy in its own shard, and so are the names of one file: in another shard it is a file of its own.
//
// The errors are those of Pack, and ErrTooMany.
func PackShards(ctx context.Context, dir, out string, o PackOptions, so ShardOptions) (res PackResult, shards []Shard, err error) {
	if err := so.check(out); err != nil {
		return res, nil, err
	}
	set, err := createSet(out)
	if err != nil {
		return res, nil, err
	}
	committing := false
	defer func() {
		if !committing {
			err = errors.Join(err, set.abort())
		}
	}()
	t, err := openTree(dir)
	if err != nil {
		return res, nil, err
	}
	defer t.close()
	p, err := newPacker(nil, o)
	if err != nil {
		return res, nil, err
	}
	here, err := os.Stat(parentDir(set.set.stem))
	if err != nil {
		return res, nil, err
	}
	p.own = func(e *sourceEntry) bool {
		if !set.owns(e.name) && e.name != filepath.Base(set.temp.Name()) {
			return false
		}
		fi, err := e.dir.root.Stat(".")
		return err == nil && os.SameFile(fi, here)
	}
	p.shards = &sharder{p: p, set: set, o: so}
	if so.Shards > 0 {
		if p.shards.limit, err = p.shards.measure(ctx, t); err != nil {
			return res, nil, err
		}
	}
	if _, err := p.run(ctx, func(ctx context.Context) error { return p.walk(ctx, t) }, nil); err != nil {
		return res, nil, err
	}
	committing = true
	made, err := set.commit(ctx, IndexOptions{})
	if err != nil {
		return res, nil, err
	}
	res = PackResult{Stats: made.stats, ArchiveBytes: made.bytes, SidecarBytes: made.index}
	if o.RemoveFiles {
		res.Removed, err = p.removePacked(ctx, t)
	}
	return res, made.shards, err
}

// parentDir is the directory of a name, with a slash.
func parentDir(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i+1]
	}
	return "./"
}

// A sharder makes the packer go on in another shard when one is full. Only the sequencer uses it.
type sharder struct {
	p     *packer
	set   *setOutput
	o     ShardOptions
	limit int64 // with Shards: bytes of content a shard
	used  int64 // likewise: of all shards so far
	dirs  []Header
}

// What an entry costs beside its content, about.
const (
	headerCost = 160 // bytes of H and P
	linkCost   = 40  // in a group
	entryCost  = 512 // bytes of content that cost as much as an entry
)

// measure goes through the tree and divides it by the number of shards.
func (s *sharder) measure(ctx context.Context, t *sourceTree) (int64, error) {
	total := int64(0)
	w := s.p.walker()
	w.notice = func(string) {} // the walk that packs says it
	w.entry = func(e sourceEntry) error {
		total += sourceCost(&e)
		e.dir.release()
		return nil
	}
	w.endDir = func() error { return nil }
	err := w.walk(ctx, t)
	n := int64(s.o.Shards)
	return max(1, (total+n-1)/n), err
}

func sourceCost(e *sourceEntry) int64 {
	if e.typ == sidecar.TypeFile {
		return e.info.Size() + entryCost
	}
	return entryCost / 4
}

// begin begins the first shard.
func (s *sharder) begin() error {
	out, err := s.set.next()
	if err != nil {
		return err
	}
	*s.p.out = writer{w: out.archive, file: out.archive} // in its place: workers look whether there is one
	s.p.builder = build.New(build.Options{})
	return nil
}

// before makes sure that the entry comes to the right shard.
func (s *sharder) before(ctx context.Context, it *item) error {
	path := it.path()
	for len(s.dirs) > 0 && !strings.HasPrefix(path, s.dirs[len(s.dirs)-1].Path+"/") {
		s.dirs = s.dirs[:len(s.dirs)-1]
	}
	if s.o.Shards > 0 {
		want := min(int(s.used/s.limit), s.o.Shards-1)
		s.used += sourceCost(&it.sourceEntry)
		for len(s.set.shards) < want {
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
	have := s.p.out.off + int64(len(s.p.links)+len(s.p.group.items))*linkCost
	if len(s.p.group.items) == len(s.dirs) && s.p.out.off == 0 && len(s.p.links) == 0 {
		have = 0 // nothing but the directories above
	}
	if have > 0 && have+cost+TrailerSize > s.o.Size {
		return s.roll()
	}
	return nil
}

// cost is how many bytes an entry will take in the shard at hand, about.
func (s *sharder) cost(ctx context.Context, it *item) (int64, error) {
	if it.typ != sidecar.TypeFile || it.again && s.p.dedup.byInode[it.inode] != nil {
		return linkCost, nil
	}
	if it.ready == nil {
		return it.info.Size() + it.info.Size()/4096 + 2*headerCost, nil
	}
	select {
	case <-it.ready:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	switch {
	case it.err != nil: // placing it says so
		return 0, nil
	case it.inode == (inode{}) && it.key != 0 && len(s.p.dedup.copies.candidates(it.key)) > 0:
		return linkCost, nil
	case it.member == nil && len(it.content.b) > 0: // it waited for a copy, which is in another shard
		if err := it.compress(s.p.maker); err != nil {
			return 0, sourceError(it.path(), err)
		}
	case it.member == nil:
		return headerCost, nil
	}
	return int64(len(it.member.b)) + headerCost, nil
}

// roll ends the shard at hand and begins the next one, with the directories that are above the next entry.
func (s *sharder) roll() error {
	if err := s.end(); err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	s.p.dedup.forget()
	for _, h := range s.dirs {
		if err := s.p.addToGroup(link{header: h}); err != nil {
			return err
		}
		s.p.progress.Entries-- // it was counted before
	}
	return nil
}

// end ends the shard at hand.
func (s *sharder) end() error {
	if err := s.p.placeLinks(); err != nil {
		return err
	}
	if err := s.p.flushGroup(); err != nil {
		return err
	}
	res, err := s.p.finish(s.set.at.sidecar)
	if err != nil {
		return err
	}
	if err := s.p.builder.Close(); err != nil {
		return err
	}
	return s.set.finish(res.ArchiveBytes, s.p.digest)
}

// complete ends the last shard. Where the tree has too little for all of them, the others are empty.
func (s *sharder) complete() error {
	if err := s.end(); err != nil {
		return err
	}
	s.dirs = nil
	for len(s.set.shards) < s.o.Shards {
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
func (p *packer) prepareAgain(it *item) {
	it.again = false
	if it.info.Size() > inMemory {
		return
	}
	it.ready = make(chan struct{})
	it.err = p.prepare(it, p.maker)
	close(it.ready)
}
