package tarpack

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/tarpack/tpk/sidecar"
)

// A layer is one of what a rewrite takes entries from: an archive or a tree.
type layer struct {
	kept *keptArchive
	tree *sourceTree
}

// A branch is a directory of one layer.
type branch struct {
	layer int
	dir   int        // of an archive: its ordinal, or sidecar.Root
	disk  *sourceDir // of a tree; nil: a parent of its top, which is not on disk
}

// A child is what one layer has at a path.
type child struct {
	name  string
	layer int
	typ   sidecar.Type
	entry sidecar.Entry // of an archive
	ref   keptRef       // likewise
	disk  sourceEntry   // of a tree
	made  bool          // a parent of a tree's top
}

func (c *child) isDir() bool { return c.typ == sidecar.TypeDir }

// isFile: it has content. A hard link has its target's.
func (c *child) isFile() bool { return c.typ == sidecar.TypeFile || c.typ == sidecar.TypeHardlink }

// A merger goes through several layers at once, in the order in which pack writes (FORMAT.md 1.1), has somebody choose at each
// path, and submits what was chosen.
type merger struct {
	p      *packer
	layers []layer
	// base is the layer of the archive that is changed, so that changes can be told; −1 if there is none.
	base int
	// choose returns which of the layers' children at a path goes into the archive, by its place in the list; −1: none. There is at least one
	// child, and they are in the order of layers. Of directories that are chosen, those of the other layers at the path are gone through, too.
	choose   func(path string, children []child) int
	checksum bool // a file's size and time do not tell that it is the same
	known    inodes
	ignored  int64
	grow     bool // what the base has stays where it is: only new entries are submitted
	seal     seal // of the directory at hand, if the base has it
}

// walk goes through everything.
func (m *merger) walk(ctx context.Context) error {
	var top []branch
	for i, l := range m.layers {
		b := branch{layer: i, dir: sidecar.Root}
		if l.tree != nil && l.tree.into == "" {
			var err error
			if b.disk, err = l.tree.top(); err != nil {
				return err
			}
		}
		top = append(top, b)
	}
	return m.walkDir(ctx, "", false, top)
}

// walkDir goes through what the branches, which are all of one path, hold.
func (m *merger) walkDir(ctx context.Context, dir string, closed bool, branches []branch) error {
	keptDir := &sourceDir{path: dir, closed: closed}
	lists := make([][]child, len(branches))
	for i := range branches {
		b := &branches[i]
		if b.disk != nil {
			b.disk.closed = closed
			b.disk.acquire()
			defer b.disk.release()
		}
		var err error
		if lists[i], err = m.list(b, dir); err != nil {
			return err
		}
	}
	all := mergeByName(lists)
	var chosen []choice
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].name == all[0].name {
			n++
		}
		c := choice{path: keptDir.join(all[0].name), children: all[:n]}
		all = all[n:]
		if i := m.choose(c.path, c.children); i >= 0 {
			c.win = &c.children[i]
			chosen = append(chosen, c)
		}
		if err := m.drop(ctx, &c); err != nil {
			return err
		}
	}
	slices.SortStableFunc(chosen, func(a, b choice) int { return rank(a.win.typ) - rank(b.win.typ) })
	ended := false
	for i := range chosen {
		c := &chosen[i]
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if c.win.isDir() && !ended {
			ended = true
			if err := m.p.send(ctx, nil); err != nil {
				return err
			}
		}
		if err := m.submit(ctx, c, keptDir); err != nil {
			return err
		}
		if c.win.isDir() {
			if err := m.descend(ctx, c, closed, branches); err != nil {
				return err
			}
		}
	}
	if !ended {
		return m.p.send(ctx, nil)
	}
	return nil
}

// A choice is what was chosen at a path.
type choice struct {
	path     string
	children []child
	win      *child // nil: none
}

// base is what the archive that is changed has at the path, nil if nothing.
func (c *choice) base(layer int) *child {
	for i := range c.children {
		if c.children[i].layer == layer {
			return &c.children[i]
		}
	}
	return nil
}

// mergeByName makes one list of several, sorted by name, and where names are equal in the order of the lists.
func mergeByName(lists [][]child) []child {
	switch len(lists) {
	case 0:
		return nil
	case 1:
		l := lists[0]
		byName := func(a, b child) int { return strings.Compare(a.name, b.name) }
		if !slices.IsSortedFunc(l, byName) {
			slices.SortFunc(l, byName)
		}
		return l
	}
	// By halves: there may be as many lists as a set has shards.
	a, b := mergeByName(lists[:len(lists)/2]), mergeByName(lists[len(lists)/2:])
	all := make([]child, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if b[0].name < a[0].name {
			b, all = b[1:], append(all, b[0])
		} else {
			a, all = a[1:], append(all, a[0])
		}
	}
	return append(append(all, a...), b...)
}

// list returns what is in a branch.
func (m *merger) list(b *branch, dir string) (all []child, err error) {
	l := m.layers[b.layer]
	if l.kept != nil {
		x := l.kept.index
		var scratch []byte
		for i, err := range x.Children(b.dir) {
			if err == nil {
				scratch, err = x.AppendPath(scratch[:0], i)
			}
			c := child{layer: b.layer}
			if err == nil {
				c.entry, err = x.Entry(i)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", l.kept.name, err)
			}
			c.name = string(scratch[bytes.LastIndexByte(scratch, '/')+1:])
			c.typ, c.ref = c.entry.Type, l.kept.ref(i, &c.entry)
			all = append(all, c)
		}
		return all, nil
	}
	if b.disk == nil {
		rest := strings.TrimPrefix(strings.TrimPrefix(l.tree.into, dir), "/")
		name, _, _ := strings.Cut(rest, "/")
		return []child{{name: name, layer: b.layer, typ: sidecar.TypeDir, made: true}}, nil
	}
	entries, err := m.p.walker().list(b.disk)
	all = make([]child, 0, len(entries))
	for _, e := range entries {
		all = append(all, child{name: e.name, layer: b.layer, typ: e.typ, disk: e})
	}
	return all, err
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
	for i := range c.children {
		other := &c.children[i]
		if other == c.win || other == base || other.isDir() && c.win.isDir() {
			continue
		}
		m.ignored++
		if other.isDir() != c.win.isDir() {
			m.p.o.Notice(fmt.Sprintf("%s: a %s, and a %s elsewhere, which is left out", printable(c.path), c.win.typ, other.typ))
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
		keptDir.acquire()
		h, err := m.layers[w.layer].tree.madeParent(c.path)
		if err != nil {
			return err
		}
		it.given = &h
	case w.ref.from != nil:
		keptDir.acquire()
		it.old, it.keep = w.ref, w.isFile()
	default:
		it.sourceEntry = w.disk
		it.dir.acquire()
		if it.typ == sidecar.TypeFile {
			if err := m.compare(ctx, it, c.base(m.base)); err != nil {
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

// descend goes on in a directory that was chosen, in all layers that have it.
func (m *merger) descend(ctx context.Context, c *choice, closed bool, branches []branch) error {
	var below []branch
	for i := range c.children {
		o := &c.children[i]
		if !o.isDir() {
			continue
		}
		b := branch{layer: o.layer, dir: int(o.ref.i)}
		var err error
		switch t := m.layers[o.layer].tree; {
		case o.made && c.path == t.into:
			b.disk, err = t.top()
		case o.made || t == nil:
		default:
			b.disk, err = openDir(branchOf(branches, o.layer).disk, o.disk)
		}
		if err != nil {
			return err
		}
		below = append(below, b)
	}
	if m.grow {
		before := m.seal
		defer func() { m.seal = before }()
		switch m.seal = m.seal.below(c.win.entry.Mode); {
		case c.win.ref.from == nil:
			m.seal = seal{} // it is new
		case len(below) == 1:
			return nil // the trees have nothing below
		}
	}
	mode := c.win.entry.Mode
	switch {
	case c.win.made:
		mode = madeMode
	case c.win.ref.from == nil:
		mode = unixMode(c.win.disk.info.Mode())
	}
	return m.walkDir(ctx, c.path, closed || mode&0o100 == 0, below)
}

func branchOf(branches []branch, layer int) *branch {
	return &branches[slices.IndexFunc(branches, func(b branch) bool { return b.layer == layer })]
}

// madeMode is the mode of directories that are not on disk.
const madeMode = 0o755

// madeParent makes the header of a parent of the tree's top, with the time of that.
func (t *sourceTree) madeParent(name string) (Header, error) {
	var fi os.FileInfo
	var err error
	if t.only != "" {
		fi, err = t.root.Lstat(t.only)
	} else {
		fi, err = t.root.Stat(".")
	}
	if err != nil {
		return Header{}, sourceError(name, err)
	}
	return Header{Path: name, Type: sidecar.TypeDir, Mode: madeMode, ModTime: fi.ModTime().Unix()}, nil
}
