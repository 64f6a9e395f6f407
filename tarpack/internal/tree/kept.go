package tree

import (
	"context"
	"errors"

	"github.com/tarpack/tpk/sidecar"
)

// ErrNothing: the tree has no file that the globs include.
var ErrNothing = errors.New("no file or directory matches the globs to include")

// kept are the directories of a tree that contain something that is included. They are known before
// anything is packed, because a directory comes before its content.
type kept struct{ dirs map[string]bool }

// findKept walks the tree once, as w does, but sends no notices.
func findKept(ctx context.Context, t *Tree, w *Walker) (*kept, error) {
	k := &kept{dirs: map[string]bool{}}
	found := false
	all := *w
	all.Include = nil
	all.Notice = func(error) {} // the walk that packs sends them
	all.Entry = func(e Entry) error {
		defer e.Dir.Release()
		p := t.Rel(e.Path())
		if !w.Include.Match(p, e.Typ == sidecar.TypeDir) {
			return nil
		}
		found = true
		for p = parent(p); p != "" && !k.dirs[p]; p = parent(p) {
			k.dirs[p] = true
		}
		return nil
	}
	all.EndDir = func() error { return nil }
	if err := all.Walk(ctx, t); err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNothing
	}
	return k, nil
}

// includes reports whether an entry is packed: what a glob of w matches, what is below that, and
// the directories above it.
func (k *kept) includes(w *Walker, e *Entry, rel string) bool {
	if w.Include == nil || k == nil || e.Dir.whole {
		return true
	}
	isDir := e.Info.IsDir()
	return w.Include.Match(rel, isDir) || isDir && k.dirs[rel]
}
