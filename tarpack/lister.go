package tarpack

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"golang.org/x/sync/semaphore"
)

// A level is one directory: what all layers have in it, and what was chosen of that.
type level struct {
	dir     *sourceDir // only its path, and whether it is closed: it need not be on disk
	choices []choice   // by name
	chosen  []*choice  // those of which something goes into the archive, in its order
	notices []string   // what is left out, and why
	disk    []*sourceDir

	paths, dirs int64 // of its lister's budgets
}

// release is called when nobody needs the level any longer.
func (lv *level) release() {
	for _, d := range lv.disk {
		d.release()
	}
}

// A lister goes through the layers ahead of a merger, in the same order, in a goroutine of its own: it asks the system what is in the
// directories and what each name is, which is most of the work where little has changed.
type lister struct {
	m      *merger
	levels chan *level
	paths  *semaphore.Weighted // in levels that wait
	dirs   *semaphore.Weighted // on disk that are open for them
	cancel context.CancelFunc
	err    error // if levels is closed, why: nil when all was listed
}

// What may be listed and wait. A directory that is more alone may wait when no other does.
const (
	levelsAhead = 64
	pathsAhead  = 8192
	dirsAhead   = 64 // a directory is one on disk for each tree that has it
)

func startLister(ctx context.Context, m *merger) *lister {
	l := &lister{
		m: m, levels: make(chan *level, levelsAhead),
		paths: semaphore.NewWeighted(pathsAhead), dirs: semaphore.NewWeighted(dirsAhead),
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
	for i, of := range l.m.layers {
		b := branch{layer: i, dir: sidecar.Root}
		if of.tree != nil && of.tree.into == "" {
			var err error
			if b.disk, err = of.tree.top(); err != nil {
				letGo(top)
				return err
			}
			b.disk.acquire()
		}
		top = append(top, b)
	}
	return l.walkDir(ctx, "", false, top)
}

// letGo gives back the references that branches have to directories on disk.
func letGo(branches []branch) {
	for _, b := range branches {
		if b.disk != nil {
			b.disk.release()
		}
	}
}

// walkDir goes through what the branches, which are all of one path, hold. It lets go of them.
func (l *lister) walkDir(ctx context.Context, dir string, closed bool, branches []branch) error {
	defer letGo(branches)
	lv := &level{dir: &sourceDir{path: dir, closed: closed}}
	for _, b := range branches {
		if d := b.disk; d != nil {
			d.closed = closed
			d.acquire()
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
	lists := make([][]*child, len(branches))
	for i := range branches {
		var err error
		if lists[i], err = l.list(lv, &branches[i]); err != nil {
			return err
		}
	}
	lv.choose(mergeByName(lists), l.m)
	lv.paths, lv.dirs = int64(min(len(lv.choices), pathsAhead)), int64(min(len(lv.disk), dirsAhead))
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
func (lv *level) choose(all []*child, m *merger) {
	lv.choices = make([]choice, 0, len(all))
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].name == all[0].name {
			n++
		}
		c := choice{path: lv.dir.join(all[0].name), children: all[:n]}
		all = all[n:]
		if i := m.choose(c.path, c.children); i >= 0 {
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
	slices.SortStableFunc(lv.chosen, func(a, b *choice) int { return rank(a.win.typ) - rank(b.win.typ) })
}

// onlyKept: it is a directory of an archive, and no other layer has one there.
func (c *choice) onlyKept() bool {
	return c.win.ref.from != nil && !slices.ContainsFunc(c.children, func(o *child) bool { return o != c.win && o.isDir() })
}

// list returns what is in a branch, by name.
func (l *lister) list(lv *level, b *branch) ([]*child, error) {
	of := l.m.layers[b.layer]
	switch {
	case of.kept != nil:
		return of.kept.list(b)
	case b.disk == nil:
		rest := strings.TrimPrefix(strings.TrimPrefix(of.tree.into, lv.dir.path), "/")
		name, _, _ := strings.Cut(rest, "/")
		return []*child{{name: name, layer: b.layer, typ: sidecar.TypeDir, made: true}}, nil
	}
	w := l.m.p.walker()
	w.notice = func(message string) { lv.notices = append(lv.notices, message) }
	entries, err := w.list(b.disk)
	children, all := make([]child, len(entries)), make([]*child, len(entries))
	for i := range entries {
		e := &entries[i]
		children[i] = child{name: e.name, layer: b.layer, typ: e.typ, disk: e}
		all[i] = &children[i]
	}
	return all, err
}

// list returns what is in a directory of the archive, by name.
func (k *keptArchive) list(b *branch) (all []*child, err error) {
	var free []child // a run of them at a time
	for row, err := range k.index.Dir(b.dir) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		if len(free) == 0 {
			free = make([]child, min(max(8, len(all)), 128))
		}
		c := &free[0]
		free = free[1:]
		c.name, c.layer, c.entry = string(row.Path[bytes.LastIndexByte(row.Path, '/')+1:]), b.layer, row.Entry
		c.typ, c.ref = c.entry.Type, k.ref(row.Ordinal, &c.entry)
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
		b := branch{layer: o.layer, dir: int(o.ref.i)}
		switch t := l.m.layers[o.layer].tree; {
		case o.made && c.path == t.into:
			b.disk, err = t.top()
		case o.made || t == nil:
		default:
			b.disk, err = openDir(o.disk.dir, *o.disk)
		}
		if err != nil {
			letGo(below)
			return nil, err
		}
		if b.disk != nil {
			b.disk.acquire()
		}
		below = append(below, b)
	}
	return below, nil
}

// mode is that of a directory that is chosen.
func (c *choice) mode() uint16 {
	switch {
	case c.win.made:
		return madeMode
	case c.win.ref.from == nil:
		return unixMode(c.win.disk.info.Mode())
	}
	return c.win.entry.Mode
}
