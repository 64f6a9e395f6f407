package rewrite

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/tree"
	"golang.org/x/sync/semaphore"
)

// A level is one directory: what all layers have in it, and what was chosen of that.
type level struct {
	dir     *tree.Dir // only its path, and whether it is closed: it need not be on disk
	choices []choice  // by name
	chosen  []*choice // those of which something goes into the archive, in its order
	notices []error   // what is left out, and why
	disk    []*tree.Dir

	paths, dirs int64 // of its lister's budgets
}

// release is called when nobody needs the level any longer.
func (lv *level) release() {
	for _, d := range lv.disk {
		d.Release()
	}
}

// A lister goes through the layers ahead of a merger, in the same order, in a goroutine of its own: it asks the system what is in the
// directories and what each name is, which is most of the work where little has changed.
type lister struct {
	m      *Merger
	levels chan *level
	paths  *semaphore.Weighted // in levels that wait
	dirs   *semaphore.Weighted // on disk that are open for them
	cancel context.CancelFunc
	err    error // if levels is closed, why: nil when all was listed
}

// What may be listed and wait. A directory that is more alone may wait when no other does.
const (
	LevelsAhead = 64
	PathsAhead  = 8192
	DirsAhead   = 64 // a directory is one on disk for each tree that has it
)

func startLister(ctx context.Context, m *Merger) *lister {
	l := &lister{
		m: m, levels: make(chan *level, LevelsAhead),
		paths: semaphore.NewWeighted(PathsAhead), dirs: semaphore.NewWeighted(DirsAhead),
	}
	ctx, l.cancel = context.WithCancel(ctx)
	go func() {
		defer close(l.levels)
		l.err = l.walk(ctx)
	}()
	return l
}

// next returns the next directory. After it come those in it that are entered, each followed by all below it.
func (l *lister) next() (*level, error) {
	lv, ok := <-l.levels
	if !ok {
		return nil, l.err
	}
	l.paths.Release(lv.paths)
	l.dirs.Release(lv.dirs)
	return lv, nil
}

// stop ends the goroutine.
func (l *lister) stop() {
	l.cancel()
	for lv := range l.levels {
		lv.release()
	}
}

// walk goes through everything.
func (l *lister) walk(ctx context.Context) error {
	var top []branch
	for i, of := range l.m.Layers {
		b := branch{layer: i, dir: sidecar.Root}
		if of.Tree != nil && of.Tree.Into == "" {
			var err error
			if b.disk, err = of.Tree.Top(); err != nil {
				letGo(top)
				return err
			}
			b.disk.Acquire()
		}
		top = append(top, b)
	}
	return l.walkDir(ctx, "", false, top)
}

// letGo gives back the references that branches have to directories on disk.
func letGo(branches []branch) {
	for _, b := range branches {
		if b.disk != nil {
			b.disk.Release()
		}
	}
}

// walkDir goes through what the branches, which are all of one path, hold. It lets go of them.
func (l *lister) walkDir(ctx context.Context, dir string, closed bool, branches []branch) error {
	defer letGo(branches)
	lv := &level{dir: &tree.Dir{Path: dir, Closed: closed}}
	for _, b := range branches {
		if d := b.disk; d != nil {
			d.Closed = closed
			d.Acquire()
			lv.disk = append(lv.disk, d)
		}
	}
	if err := l.fill(ctx, lv, branches); err != nil {
		lv.release()
		return err
	}
	for _, c := range lv.chosen {
		if !c.enter {
			continue
		}
		below, err := l.below(c)
		if err != nil {
			return err
		}
		if err := l.walkDir(ctx, c.path, closed || c.mode()&0o100 == 0, below); err != nil {
			return err
		}
	}
	return nil
}

// fill lists a level and hands it over.
func (l *lister) fill(ctx context.Context, lv *level, branches []branch) error {
	lists := make([][]*Child, len(branches))
	for i := range branches {
		var err error
		if lists[i], err = l.list(lv, &branches[i]); err != nil {
			return err
		}
	}
	lv.choose(mergeByName(lists), l.m)
	lv.paths, lv.dirs = int64(min(len(lv.choices), PathsAhead)), int64(min(len(lv.disk), DirsAhead))
	if l.paths.Acquire(ctx, lv.paths) != nil || l.dirs.Acquire(ctx, lv.dirs) != nil {
		return context.Cause(ctx)
	}
	select {
	case l.levels <- lv:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// choose chooses at each path.
func (lv *level) choose(all []*Child, m *Merger) {
	lv.choices = make([]choice, 0, len(all))
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].name == all[0].name {
			n++
		}
		c := choice{path: lv.dir.Join(all[0].name), children: all[:n]}
		all = all[n:]
		if i := m.Choose(c.path, c.children); i >= 0 {
			c.win = c.children[i]
			c.enter = c.win.isDir() && !(m.grow && c.onlyKept())
		}
		lv.choices = append(lv.choices, c)
	}
	for i := range lv.choices {
		if c := &lv.choices[i]; c.win != nil {
			lv.chosen = append(lv.chosen, c)
		}
	}
	slices.SortStableFunc(lv.chosen, func(a, b *choice) int { return format.Rank(a.win.typ) - format.Rank(b.win.typ) })
}

// onlyKept: it is a directory of an archive, and no other layer has one there.
func (c *choice) onlyKept() bool {
	return c.win.Ref.From != nil && !slices.ContainsFunc(c.children, func(o *Child) bool { return o != c.win && o.isDir() })
}

// list returns what is in a branch, by name.
func (l *lister) list(lv *level, b *branch) ([]*Child, error) {
	of := l.m.Layers[b.layer]
	switch {
	case of.Kept != nil:
		return listKept(of.Kept, b)
	case b.disk == nil:
		rest := strings.TrimPrefix(strings.TrimPrefix(of.Tree.Into, lv.dir.Path), "/")
		name, _, _ := strings.Cut(rest, "/")
		return []*Child{{name: name, Layer: b.layer, typ: sidecar.TypeDir, IsParent: true}}, nil
	}
	w := l.m.P.Walker()
	w.Notice = func(err error) { lv.notices = append(lv.notices, err) }
	entries, err := w.List(b.disk)
	children, all := make([]Child, len(entries)), make([]*Child, len(entries))
	for i := range entries {
		e := &entries[i]
		children[i] = Child{name: e.Name, Layer: b.layer, typ: e.Typ, disk: e}
		all[i] = &children[i]
	}
	return all, err
}

// listKept returns what is in a directory of the archive, by name.
func listKept(k *packer.Base, b *branch) (all []*Child, err error) {
	var free []Child // a run of them at a time
	for row, err := range k.Index.In(b.dir) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
		if len(free) == 0 {
			free = make([]Child, min(max(8, len(all)), 128))
		}
		c := &free[0]
		free = free[1:]
		c.name, c.Layer, c.entry = string(row.Path[bytes.LastIndexByte(row.Path, '/')+1:]), b.layer, row.Entry
		c.typ, c.Ref = c.entry.Type, k.Ref(row.I, &c.entry)
		all = append(all, c)
	}
	return all, nil
}

// below returns the branches of a directory that is entered, in all layers that have it.
func (l *lister) below(c *choice) (below []branch, err error) {
	for _, o := range c.children {
		if !o.isDir() {
			continue
		}
		b := branch{layer: o.Layer, dir: int(o.Ref.I)}
		switch t := l.m.Layers[o.Layer].Tree; {
		case o.IsParent && c.path == t.Into:
			b.disk, err = t.Top()
		case o.IsParent || t == nil:
		default:
			b.disk, err = tree.OpenDir(o.disk.Dir, *o.disk)
		}
		if err != nil {
			letGo(below)
			return nil, err
		}
		if b.disk != nil {
			b.disk.Acquire()
		}
		below = append(below, b)
	}
	return below, nil
}

// mode is that of a directory that is chosen.
func (c *choice) mode() uint16 {
	switch {
	case c.win.IsParent:
		return format.MissingDirMode
	case c.win.Ref.From == nil:
		return format.UnixMode(c.win.disk.Info.Mode())
	}
	return c.win.entry.Mode
}
