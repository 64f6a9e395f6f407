package tarpack

import (
	"context"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
)

// A merger goes through several layers at once, in the order in which pack writes (FORMAT.md 1.1), has somebody choose at each
// path, and submits what was chosen. A lister finds what there is to choose from, ahead of it.
type merger struct {
	p      *packer
	layers []layer
	// base is the layer of the archive that is changed, so that changes can be told; −1 if there is none.
	base int
	// choose returns which of the layers' children at a path goes into the archive, by its place in the list; −1: none. There is at least one
	// child, and they are in the order of layers. Of directories that are chosen, those of the other layers at the path are gone through, too.
	// It is always called from the same goroutine, one that walk starts.
	choose   func(path string, children []*child) int
	checksum bool // a file's size and time do not tell that it is the same
	known    inodes
	ignored  int64
	grow     bool // what the base has stays where it is: only new entries are submitted
	seal     seal // of the directory at hand, if the base has it
}

// walk goes through everything.
func (m *merger) walk(ctx context.Context) error {
	l := startLister(ctx, m)
	defer l.stop()
	return m.walkDir(ctx, l)
}

// walkDir goes through the directory that the lister has next, and all below it.
func (m *merger) walkDir(ctx context.Context, l *lister) error {
	lv, err := l.next()
	if err != nil {
		return err
	}
	defer lv.release()
	for _, notice := range lv.notices {
		m.p.o.Notice(notice)
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
			if err := m.p.send(ctx, nil); err != nil {
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
		return m.p.send(ctx, nil)
	}
	return nil
}

// descend goes on in a directory that was chosen.
func (m *merger) descend(ctx context.Context, c *choice, l *lister) error {
	before := m.seal
	defer func() { m.seal = before }()
	if m.seal = m.seal.below(c.win.entry.Mode); c.win.ref.from == nil {
		m.seal = seal{} // it is new
	}
	return m.walkDir(ctx, l)
}

// drop tells of what was not chosen.
func (m *merger) drop(ctx context.Context, c *choice) error {
	base := c.base(m.base)
	if base != nil && (c.win == nil || base.isDir() && !c.win.isDir()) {
		from, to := int(base.ref.i), int(base.ref.i)+1
		if base.isDir() {
			to = int(base.entry.End)
		}
		if c.win != nil {
			from++ // the path itself is changed
		}
		for row, err := range m.layers[m.base].kept.index.All(from, to) {
			if err != nil {
				return err
			}
			if err := m.p.send(ctx, &item{gone: string(row.Path)}); err != nil {
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
			m.p.o.Notice(fmt.Errorf("%s: a %s, and a %s elsewhere, which is left out", printable(c.path), c.win.typ, other.typ))
		}
	}
	return nil
}

// submit sends what was chosen to the packer.
func (m *merger) submit(ctx context.Context, c *choice, keptDir *sourceDir) error {
	w := c.win
	if m.grow {
		if w.ref.from != nil {
			return nil
		}
		if err := m.seal.check(keptDir.path); err != nil {
			return err
		}
	}
	it := &item{sourceEntry: sourceEntry{dir: keptDir, name: w.name, typ: w.typ, full: c.path}}
	if it.typ == sidecar.TypeHardlink {
		it.typ = sidecar.TypeFile
	}
	if base := c.base(m.base); base != nil {
		it.old = base.ref
	}
	switch {
	case w.made:
		h, err := m.layers[w.layer].tree.madeParent(c.path)
		if err != nil {
			return err
		}
		keptDir.acquire()
		it.given = &h
	case w.ref.from != nil:
		keptDir.acquire()
		it.old, it.keep = w.ref, w.isFile()
	default:
		it.sourceEntry = *w.disk
		it.dir.acquire()
		if it.typ == sidecar.TypeFile {
			if err := m.compare(ctx, it, c.base(m.base)); err != nil {
				it.release()
				return err
			}
		}
	}
	return m.p.submit(ctx, it)
}

// compare looks whether a file is the one that the archive has.
func (m *merger) compare(ctx context.Context, it *item, base *child) (err error) {
	if it.inode, it.again, err = m.known.of(ctx, &it.sourceEntry, m.p.walker(), m.trees()...); err != nil || it.again {
		return err
	}
	if base != nil && base.isFile() && !m.checksum {
		h := m.p.header(&it.sourceEntry)
		it.keep = base.entry.Size == h.Size && base.entry.ModTime == h.ModTime
	}
	return nil
}

func (m *merger) trees() (trees []*sourceTree) {
	for _, l := range m.layers {
		if l.tree != nil {
			trees = append(trees, l.tree)
		}
	}
	return trees
}
