package rewrite

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/tree"
	"golang.org/x/sync/semaphore"
)

// A level is one directory: what all layers have in it, and which of that goes into the archive.
type level struct {
	dir     *tree.Dir // has only the path and whether it is closed; it may not exist on disk
	shard   int       // of the directory, in an edit of a set
	choices []choice  // by name
	chosen  []*choice // those with a winner, in the order of the archive
	notices []error   // one for each file that is left out
	disk    []*tree.Dir

	paths, dirs int64 // units acquired from the lister's semaphores
}

// release drops the references to directories on disk.
func (lv *level) release() {
	for _, d := range lv.disk {
		d.Release()
	}
}

// A lister runs ahead of a merger in its own goroutine, through the same directories in the same
// order. It reads directories and the attributes of files, which is most of the work if little has
// changed.
type lister struct {
	m      *Merger
	levels chan *level
	paths  *semaphore.Weighted // limits the paths in levels that wait
	dirs   *semaphore.Weighted // limits the directories on disk that are open for them
	cancel context.CancelFunc
	err    error // why levels was closed; nil at the end of the layers
}

// Limits of what is listed ahead. A level that exceeds one is listed when no other level waits.
const (
	LevelsAhead = 64
	PathsAhead  = 8192
	DirsAhead   = 64 // counted once for each tree that has the directory
)

// startLister starts a lister of the layers of m. The caller must stop it.
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

// next returns the next directory. The directories in it that are entered follow, each with
// everything below it.
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

// walk lists everything.
func (l *lister) walk(ctx context.Context) error {
	var top []branch
	for i, of := range l.m.Layers {
		b := branch{layer: i, dir: sidecar.Root}
		if of.Tree != nil && of.Tree.Into == "" {
			var err error
			if b.disk, err = of.Tree.Top(); err != nil {
				releaseAll(top)
				return err
			}
			b.disk.Acquire()
		}
		top = append(top, b)
	}
	return l.walkDir(ctx, &level{dir: &tree.Dir{}}, top)
}

// releaseAll drops the references of branches to directories on disk.
func releaseAll(branches []branch) {
	for _, b := range branches {
		if b.disk != nil {
			b.disk.Release()
		}
	}
}

// walkDir lists the branches, which all have the path of lv, and everything below. It releases
// them.
func (l *lister) walkDir(ctx context.Context, lv *level, branches []branch) error {
	defer releaseAll(branches)
	closed := lv.dir.Closed
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
		dir := &tree.Dir{Path: c.path, Closed: closed || c.mode(l.m.P.Options.Mode)&0o100 == 0}
		if err := l.walkDir(ctx, &level{dir: dir, shard: c.shard}, below); err != nil {
			return err
		}
	}
	return nil
}

// fill lists a level and sends it to the merger.
func (l *lister) fill(ctx context.Context, lv *level, branches []branch) error {
	lists := make([][]*Child, len(branches))
	for i := range branches {
		var err error
		if lists[i], err = l.list(lv, &branches[i]); err != nil {
			return err
		}
	}
	if err := lv.choose(mergeByName(lists), l.m); err != nil {
		return err
	}
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

// choose calls Choose for each path.
func (lv *level) choose(all []*Child, m *Merger) error {
	lv.choices = make([]choice, 0, len(all))
	last := lastShards{file: lv.shard, dir: lv.shard}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].name == all[0].name {
			n++
		}
		c := choice{path: lv.dir.Join(all[0].name), children: all[:n]}
		all = all[n:]
		if i := m.Choose(c.path, c.children); i >= 0 {
			c.winner = c.children[i]
			c.enter = c.winner.isDir() && !(m.grow && c.onlyInArchive())
		}
		if m.Shards != nil {
			if ok, err := m.Shards.place(&c, m.Base, &last); err != nil {
				return err
			} else if !ok {
				continue
			}
		}
		lv.choices = append(lv.choices, c)
	}
	for i := range lv.choices {
		if c := &lv.choices[i]; c.winner != nil {
			lv.chosen = append(lv.chosen, c)
		}
	}
	slices.SortStableFunc(lv.chosen, func(a, b *choice) int {
		return format.Rank(a.winner.typ) - format.Rank(b.winner.typ)
	})
	return nil
}

// onlyInArchive reports whether the winner is a directory of an archive, and no other layer has a
// directory there.
func (c *choice) onlyInArchive() bool {
	isOther := func(o *Child) bool { return o != c.winner && o.isDir() }
	return c.winner.Ref.From != nil && !slices.ContainsFunc(c.children, isOther)
}

// list returns the children of a branch, by name.
func (l *lister) list(lv *level, b *branch) ([]*Child, error) {
	of := l.m.Layers[b.layer]
	switch {
	case of.Archive != nil:
		return listArchive(of.Archive, b)
	case b.disk == nil:
		rest := strings.TrimPrefix(strings.TrimPrefix(of.Tree.Into, lv.dir.Path), "/")
		name, _, _ := strings.Cut(rest, "/")
		return []*Child{{name: name, Layer: b.layer, typ: sidecar.TypeDir, IsParent: true}}, nil
	}
	w := l.m.P.Walker()
	w.Notice = func(err error) { lv.notices = append(lv.notices, err) }
	w.Opened = l.m.P.LookAt
	entries, err := w.List(b.disk)
	children, all := make([]Child, len(entries)), make([]*Child, len(entries))
	for i := range entries {
		e := &entries[i]
		children[i] = Child{name: e.Name, Layer: b.layer, typ: e.Typ, disk: e}
		all[i] = &children[i]
	}
	return all, err
}

// listArchive returns the children of a directory in an archive, by name.
func listArchive(k *base.Archive, b *branch) (all []*Child, err error) {
	var spare []Child // allocated in bulk
	for row, err := range k.Index.Dir(b.dir) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
		if len(spare) == 0 {
			spare = make([]Child, min(max(8, len(all)), 128))
		}
		c := &spare[0]
		spare = spare[1:]
		c.name = string(row.Path[bytes.LastIndexByte(row.Path, '/')+1:])
		c.Layer, c.entry = b.layer, row.Entry
		c.typ, c.Ref = c.entry.Type, k.Ref(row.Ordinal, &c.entry)
		all = append(all, c)
	}
	return all, nil
}

// below returns the branches of a directory that is entered, one for each layer that has it.
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
			releaseAll(below)
			return nil, err
		}
		if b.disk != nil {
			b.disk.Acquire()
		}
		below = append(below, b)
	}
	return below, nil
}

// mode returns the mode of a directory that was chosen. mode changes those on disk.
func (c *choice) mode(mode *attributes.Mode) uint16 {
	switch {
	case c.winner.IsParent:
		return mode.Apply(format.MissingDirMode, true)
	case c.winner.Ref.From == nil:
		return c.winner.disk.Dir.Tree.UnixMode(c.winner.disk.Info)
	}
	return c.winner.entry.Mode
}
