package archives

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/tarpack/cache"
)

// recheck is how long the result of a look into a folder is used. So a pack that comes, changes or
// goes is noticed at the first request below its folder, at most that much later. Trees of any size
// need no watching.
const recheck = time.Second

// nest finds the archives in a tree of plain files: a pack.tar.gz is served in place of the folder
// it lies in. A folder is looked into when the path of a request leads through it.
type nest struct {
	dir    string
	tree   *plain.Dir
	hidden func(path string) bool // may be nil

	mu   sync.RWMutex
	dirs map[string]*nestDir // folders that exist, by path

	changes atomic.Int64 // packs that have come, changed or gone
	served  atomic.Int64 // how many of these the current Set heeds
}

// nestDir is what is known of a folder.
type nestDir struct {
	checked time.Time
	pack    os.FileInfo // nil: there is none
	bad     bool        // it could not be opened, and is left out until it changes
	making  bool        // it is being indexed or converted
	ready   *archive    // that has been opened by this; nil: there is none
}

func newNest(dir string, tree *plain.Dir, hidden func(string) bool) *nest {
	return &nest{dir: dir, tree: tree, hidden: hidden, dirs: map[string]*nestDir{}}
}

// specs returns the packs that are known and good.
func (n *nest) specs() []Spec {
	n.mu.RLock()
	defer n.mu.RUnlock()
	var specs []Spec
	for dir, d := range n.dirs {
		if d.pack != nil && !d.bad {
			specs = append(specs, Spec{Path: n.file(dir), Mount: dir})
		}
	}
	slices.SortFunc(specs, func(a, b Spec) int { return strings.Compare(a.Mount, b.Mount) })
	return specs
}

// file returns the name of the pack of a folder.
func (n *nest) file(dir string) string {
	return filepath.Join(n.dir, filepath.FromSlash(dir), paths.PackName)
}

// setBad notes that the pack of a folder can't be opened.
func (n *nest) setBad(dir string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if d := n.dirs[dir]; d != nil {
		d.bad = true
	}
}

// moment is how long a request waits for a pack that was just written.
const moment = 50 * time.Millisecond

// openNested opens the packs that were found. If one can't be opened, the one that it has replaced
// stays. If there is none, the pack is left out and the plain files show. A pack that has to be
// indexed or converted first is pending until then, unless it has replaced another one. changes is
// how many of the nest's changes that heeds.
func (l *Library) openNested(ctx context.Context) (
	specs []Spec, open []*archive, pending []string, changes int64,
) {
	changes = l.nest.changes.Load()
	for _, spec := range l.nest.specs() {
		a, err := l.openPack(ctx, spec)
		if err != nil {
			a = l.held(spec.Path, errors.Is(err, guard.ErrBusy))
		}
		switch {
		case errors.Is(err, cache.ErrSlow), errors.Is(err, guard.ErrBusy):
			if a == nil || !a.outdated() { // or it is made again already
				l.makePack(spec)
			}
			if a == nil {
				pending = append(pending, spec.Mount)
			}
		case err != nil && a == nil:
			l.nest.setBad(spec.Mount)
			l.notice("not served: " + Describe(err))
		case err != nil && !a.guard.Overwritten():
			l.notice("the archive that is served stays: " + Describe(err))
		}
		if a != nil {
			specs, open = append(specs, spec), append(open, a)
		}
	}
	return specs, open, pending, changes
}

// openPack opens a pack if that is quick.
func (l *Library) openPack(ctx context.Context, spec Spec) (*archive, error) {
	if a := l.reuse(spec).archive; a != nil {
		return a, nil
	}
	if a := l.nest.takeReady(spec.Mount); a != nil {
		if now, err := guard.StampOf(spec.Path); err == nil && now.Same(a.stamp) {
			return a, nil
		}
		a.release() // it was replaced meanwhile
	}
	if err := l.waitUntilWritten(ctx, spec.Path, moment); err != nil {
		return nil, err
	}
	return l.openArchive(ctx, spec.Path, opening{quick: true})
}

// maxWalk is how many files and folders findPacks looks at: about a second's work.
const maxWalk = 1_000_000

// findPacks looks for packs in the whole tree, so that those without an index are indexed before a
// request needs them.
func (l *Library) findPacks() {
	var dirs []string
	_, err := l.fallback.Walk("", maxWalk, func(path, dir string, e fs.DirEntry) (enter bool) {
		if e.Name() == paths.PackName && e.Type().IsRegular() {
			dirs = append(dirs, dir)
		}
		return e.IsDir() && !l.hidden(path+"/") && l.ctx.Err() == nil
	})
	if err != nil && l.ctx.Err() == nil {
		l.notice("looking for archives: " + Describe(err))
	}
	if len(dirs) > 0 && l.ctx.Err() == nil {
		l.discoverAll(dirs)
	}
}

// pack describes the pack of a folder. It returns nil if there is none, or if symbolic links lead
// from the folder's path to a hidden folder.
func (n *nest) pack(dir string) os.FileInfo {
	pack, err := n.tree.Stat(path.Join(dir, paths.PackName))
	if err != nil || !pack.Mode().IsRegular() {
		return nil
	}
	end, _, isDir, err := n.tree.Follow(dir)
	if err != nil || !isDir || n.hidden != nil && end != "" && n.hidden(end+"/") {
		return nil
	}
	return pack
}

// look counts a change if the pack of a folder has come, changed or gone since the last look. It
// reports whether the folder exists.
func (n *nest) look(dir string, now time.Time) (exists bool) {
	n.mu.RLock()
	d := n.dirs[dir]
	fresh := d != nil && now.Sub(d.checked) < recheck
	n.mu.RUnlock()
	if fresh {
		return true
	}
	pack := n.pack(dir)
	if pack == nil && dir != "" {
		if fi, err := n.tree.Stat(dir); err != nil || !fi.IsDir() {
			n.mu.Lock()
			defer n.mu.Unlock()
			d := n.dirs[dir]
			delete(n.dirs, dir)
			if d != nil && d.pack != nil {
				n.changes.Add(1)
			}
			return false
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if d = n.dirs[dir]; d == nil {
		d = &nestDir{}
		n.dirs[strings.Clone(dir)] = d // dir is part of a request's buffer
	}
	d.checked = now
	if guard.SameFile(pack, d.pack) {
		return true
	}
	d.pack, d.bad = pack, false
	n.changes.Add(1)
	return true
}

// discover looks for packs in the folders on a path, and also in path itself if deep is set. It
// returns true if the Set has changed.
func (l *Library) discover(path string, deep bool) bool {
	now := time.Now()
	for end := 0; end <= len(path); end++ {
		if end > 0 && end < len(path) && path[end] != '/' || end == len(path) && end > 0 && !deep {
			continue
		}
		if !l.nest.look(path[:end], now) {
			break
		}
	}
	return l.heed()
}

// heed opens packs again if one has changed since the Set was made. If another goroutine does that
// already, it waits, since the Set gives wrong answers until then. It returns true if the Set is
// another one now.
func (l *Library) heed() bool {
	changes := l.nest.changes.Load()
	if l.nest.served.Load() >= changes {
		return false
	}
	l.mu.Lock()
	served := l.nest.served.Load()
	l.mu.Unlock()
	return served >= changes || l.reloadNested()
}

// reloadNested opens the packs that were found. It returns true if the Set has changed.
func (l *Library) reloadNested() bool {
	err := l.Reload(l.ctx)
	if err != nil { // not again at each request
		l.nest.served.Store(l.nest.changes.Load())
	}
	if err != nil && l.ctx.Err() == nil {
		l.notice("looking for archives: " + Describe(err))
	}
	return err == nil
}
