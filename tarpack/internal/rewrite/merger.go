package rewrite

import (
	"context"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// A merger goes through several layers at once, in the order in which pack writes (FORMAT.md 1.1), has somebody choose at each
// path, and submits what was chosen. A lister finds what there is to choose from, ahead of it.
type Merger struct {
	P      *packer.Packer
	Layers []Layer
	// base is the layer of the archive that is changed, so that changes can be told; −1 if there is none.
	Base int
	// choose returns which of the layers' children at a path goes into the archive, by its place in the list; −1: none. There is at least one
	// child, and they are in the order of layers. Of directories that are chosen, those of the other layers at the path are gone through, too.
	// It is always called from the same goroutine, one that walk starts.
	Choose   func(path string, children []*Child) int
	checksum bool // a file's size and time do not tell that it is the same
	known    tree.Inodes
	ignored  int64
	grow     bool // what the base has stays where it is: only new entries are submitted
	seal     seal // of the directory at hand, if the base has it
}

// walk goes through everything.
func (m *Merger) Walk(ctx context.Context) error {
	l := startLister(ctx, m)
	defer l.stop()
	return m.walkDir(ctx, l)
}

// walkDir goes through the directory that the lister has next, and all below it.
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
		if c.win.isDir() && !ended {
			ended = true
			if err := m.P.Send(ctx, nil); err != nil {
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
		return m.P.Send(ctx, nil)
	}
	return nil
}

// descend goes on in a directory that was chosen.
func (m *Merger) descend(ctx context.Context, c *choice, l *lister) error {
	before := m.seal
	defer func() { m.seal = before }()
	if m.seal = m.seal.below(c.win.entry.Mode); c.win.Ref.From == nil {
		m.seal = seal{} // it is new
	}
	return m.walkDir(ctx, l)
}

// drop tells of what was not chosen.
func (m *Merger) drop(ctx context.Context, c *choice) error {
	base := c.base(m.Base)
	if base != nil && (c.win == nil || base.isDir() && !c.win.isDir()) {
		from, to := int(base.Ref.I), int(base.Ref.I)+1
		if base.isDir() {
			to = int(base.entry.End)
		}
		if c.win != nil {
			from++ // the path itself is changed
		}
		for row, err := range m.Layers[m.Base].Kept.Index.All(from, to) {
			if err != nil {
				return err
			}
			if err := m.P.Send(ctx, &packer.Item{RemovedPath: string(row.Path)}); err != nil {
				return err
			}
		}
	}
	if c.win == nil {
		return nil
	}
	for _, other := range c.children {
		if other == c.win || other == base || other.isDir() && c.win.isDir() {
			continue
		}
		m.ignored++
		if other.isDir() != c.win.isDir() {
			m.P.Options.Notice(fmt.Errorf("%s: a %s, and a %s elsewhere, which is left out", format.Printable(c.path), c.win.typ, other.typ))
		}
	}
	return nil
}

// submit sends what was chosen to the packer.
func (m *Merger) submit(ctx context.Context, c *choice, keptDir *tree.Dir) error {
	w := c.win
	if m.grow {
		if w.Ref.From != nil {
			return nil
		}
		if err := m.seal.check(keptDir.Path); err != nil {
			return err
		}
	}
	it := &packer.Item{Entry: tree.Entry{Dir: keptDir, Name: w.name, Typ: w.typ, Full: c.path}}
	if it.Typ == sidecar.TypeHardlink {
		it.Typ = sidecar.TypeFile
	}
	if base := c.base(m.Base); base != nil {
		it.Old = base.Ref
	}
	switch {
	case w.IsParent:
		h, err := madeParent(m.Layers[w.Layer].Tree, c.path)
		if err != nil {
			return err
		}
		keptDir.Acquire()
		it.GivenHeader = &h
	case w.Ref.From != nil:
		keptDir.Acquire()
		it.Old, it.Keep = w.Ref, w.isFile()
	default:
		it.Entry = *w.disk
		it.Dir.Acquire()
		if it.Typ == sidecar.TypeFile {
			if err := m.compare(ctx, it, c.base(m.Base)); err != nil {
				it.Release()
				return err
			}
		}
	}
	return m.P.Submit(ctx, it)
}

// compare looks whether a file is the one that the archive has.
func (m *Merger) compare(ctx context.Context, it *packer.Item, base *Child) (err error) {
	if it.Inode, it.LaterName, err = m.known.Of(ctx, &it.Entry, m.P.Walker(), m.trees()...); err != nil || it.LaterName {
		return err
	}
	if base != nil && base.isFile() && !m.checksum {
		h := m.P.Header(&it.Entry)
		it.Keep = base.entry.Size == h.Size && base.entry.ModTime == h.ModTime
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
