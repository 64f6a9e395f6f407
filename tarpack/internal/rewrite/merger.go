package rewrite

import (
	"context"
	"fmt"
	"time"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// A Merger walks several layers at once in the order of packing (FORMAT.md 1.1). It calls Choose
// for each path, and submits the winner to the packer. A lister reads the layers ahead of it.
type Merger struct {
	P      *packer.Packer
	Layers []Layer
	// Base is the layer of the archive that is changed, or -1 if there is none. Changes are
	// relative to it.
	Base int
	// Choose picks the winner for one path: an index into children, or -1 to leave the path out.
	// Children is never empty and is sorted by layer. If the winner is a directory, the directories
	// of all layers at the path are merged. Choose is always called from the same goroutine, which
	// is not the caller's.
	Choose   func(path string, children []*Child) int
	Shards   *Shards // in an edit of a set, which is the base; nil otherwise
	checksum bool    // compare contents even if size and mtime match
	inodes   tree.Inodes
	spread   spread // in an edit of a set
	ignored  int64
	grow     bool // entries of the base stay in place, so only other ones are submitted
	seal     seal // of the current directory, if it is in the base
}

// FirstLayer is a Choose that takes the entry of the first layer that has the path.
func FirstLayer(string, []*Child) int { return 0 }

// Walk walks all layers.
func (m *Merger) Walk(ctx context.Context) error {
	l := startLister(ctx, m)
	defer l.stop()
	return m.walkDir(ctx, l)
}

// walkDir merges the next directory of the lister, and everything below it.
func (m *Merger) walkDir(ctx context.Context, l *lister) error {
	lv, err := l.next()
	if err != nil {
		return err
	}
	defer lv.release()
	for _, notice := range lv.notices {
		m.P.Options.Notice(notice)
	}
	for i := range lv.choices {
		if err := m.drop(ctx, &lv.choices[i]); err != nil {
			return err
		}
	}
	ended := false
	for _, c := range lv.chosen {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if c.winner.isDir() && !ended {
			ended = true
			if err := m.P.EndDir(ctx); err != nil {
				return err
			}
		}
		if err := m.submit(ctx, c, lv.dir); err != nil {
			return err
		}
		if c.enter {
			if err := m.descend(ctx, c, l); err != nil {
				return err
			}
		}
	}
	if !ended {
		return m.P.EndDir(ctx)
	}
	return nil
}

// descend merges a directory that was chosen.
func (m *Merger) descend(ctx context.Context, c *choice, l *lister) error {
	before := m.seal
	defer func() { m.seal = before }()
	if m.seal = m.seal.below(c.winner.entry.Mode); c.winner.Ref.From == nil {
		m.seal = seal{} // tar restores it after everything in it
	}
	return m.walkDir(ctx, l)
}

// drop records what was not chosen: removed entries of the base, and ignored entries of other
// layers.
func (m *Merger) drop(ctx context.Context, c *choice) error {
	base := c.base(m.Base)
	if base != nil && (c.winner == nil || base.isDir() && !c.winner.isDir()) {
		from, to := int(base.Ref.I), int(base.Ref.I)+1
		if base.isDir() {
			to = int(base.entry.End)
		}
		if c.winner != nil {
			from++ // a change of the path itself is no removal
		}
		for row, err := range m.Layers[m.Base].Archive.Index.All(from, to) {
			if err != nil {
				return err
			}
			if err := m.P.Remove(ctx, string(row.Path)); err != nil {
				return err
			}
		}
	}
	if c.winner == nil {
		return nil
	}
	for _, other := range c.children {
		if other == c.winner || other == base || other.isDir() && c.winner.isDir() {
			continue
		}
		m.ignored++
		if other.isDir() != c.winner.isDir() {
			m.P.Options.Notice(fmt.Errorf("%s: a %s, and a %s elsewhere, which is left out",
				format.Printable(c.path), c.winner.typ, other.typ))
		}
	}
	return nil
}

// submit sends the winner to the packer.
func (m *Merger) submit(ctx context.Context, c *choice, keptDir *tree.Dir) error {
	w := c.winner
	if m.grow {
		if w.Ref.From != nil {
			return nil
		}
		if err := m.seal.check(keptDir.Path); err != nil {
			return err
		}
	}
	if w.Ref.From != nil {
		if err := m.noteOther(ctx, c); err != nil {
			return err
		}
		return m.P.Submit(ctx, packer.NewBaseItem(c.path, w.typ, keptDir.Closed, w.Ref))
	}
	var it *packer.Item
	if w.IsParent {
		h, err := m.P.ParentHeader(m.Layers[w.Layer].Tree, c.path)
		if err != nil {
			return err
		}
		it = packer.NewGivenItem(h)
	} else {
		w.disk.Dir.Acquire()
		it = m.P.NewItem(*w.disk)
	}
	it.Shard, m.inodes.Shard = c.shard, c.shard
	base := c.base(m.Base)
	if base != nil {
		it.SetOld(base.Ref)
	}
	if it.Type == sidecar.TypeFile {
		if err := m.compare(ctx, it, w.disk, base); err != nil {
			it.Release()
			return err
		}
		m.noteName(it.Inode, c)
	}
	return m.P.Submit(ctx, it)
}

// noteOther notes an entry of another archive that goes into a set.
func (m *Merger) noteOther(ctx context.Context, c *choice) error {
	if m.Shards == nil || c.winner.Layer == m.Base {
		return nil
	}
	if c.winner.isFile() {
		m.noteName(c.winner.Ref.Inode(), c)
	}
	same, err := c.winner.sameAs(c.base(m.Base))
	if err != nil || same {
		return err
	}
	return m.Shards.Touch(ctx, packer.ShardChange{Path: c.path, Shard: c.shard})
}

// compare finds out whether a file on disk can be taken for its entry in the base.
func (m *Merger) compare(
	ctx context.Context, it *packer.Item, disk *tree.Entry, base *Child,
) (err error) {
	it.Inode, it.LaterName, err = m.inodes.Of(ctx, disk, m.P.Walker(), m.trees()...)
	if err != nil || it.LaterName {
		return err
	}
	isNamed := disk.Dir.Tree.Only != "" // by the user, so it is read
	// A time that all files get proves nothing.
	proves := !m.checksum && !isNamed && m.P.Options.ModTime.IsZero()
	if base != nil && base.isFile() && proves {
		h, err := it.Source.Header()
		if err != nil {
			return err
		}
		it.Keep = base.entry.Size == h.Size && base.entry.ModTime == h.ModTime &&
			!base.Ref.From.IsOlderThan(h.ModTime) &&
			canProve(h.ModTime, m.P.Options.LatestModTime, time.Now())
	}
	return nil
}

func (m *Merger) trees() (trees []*tree.Tree) {
	for _, l := range m.Layers {
		if l.Tree != nil {
			trees = append(trees, l.Tree)
		}
	}
	return trees
}
