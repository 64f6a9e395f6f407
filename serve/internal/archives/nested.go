package archives

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// PackName is the name of an archive that is found in a folder.
const PackName = "pack.tar.gz"

// recheck is how long the result of a look into a folder is used. So a pack that comes, changes or
// goes is noticed at the first request below its folder, at most that much later. Trees of any size
// need no watching.
const recheck = time.Second

// nest finds the archives in a tree of plain files: a pack.tar.gz is served in place of the folder
// it lies in. A folder is looked into when the path of a request leads through it.
type nest struct {
	dir  string
	tree *plain.Dir

	mu   sync.RWMutex
	dirs map[string]*nestDir // folders that exist, by path
}

// nestDir is what is known of a folder.
type nestDir struct {
	checked time.Time
	pack    os.FileInfo // nil: there is none
	bad     bool        // it could not be opened, and is left out until it changes
}

func newNest(dir string, tree *plain.Dir) *nest {
	return &nest{dir: dir, tree: tree, dirs: map[string]*nestDir{}}
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
	return filepath.Join(n.dir, filepath.FromSlash(dir), PackName)
}

// isPack reports whether path is a pack that is served in place of its folder, or the pack's
// sidecar. Neither is a file of that folder then: they are not listed and not answered. The
// folder's ?list&download=tar.gz is the same, if downloads are allowed.
func (v *View) isPack(path string) bool {
	if v.library.nest == nil {
		return false
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	if name != PackName && name != PackName+format.SidecarSuffix {
		return false
	}
	return v.set.mountedAt(strings.TrimSuffix(path[:len(path)-len(name)], "/"))
}

// setBad notes whether the pack of a folder can be opened.
func (n *nest) setBad(dir string, bad bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if d := n.dirs[dir]; d != nil {
		d.bad = bad
	}
}

// openNested opens the packs that were found. If one can't be opened, the one that it has replaced
// stays. If there is none, the pack is left out and the plain files show. A pack without a sidecar
// is left out until it has one, since a request is waiting.
func (l *Library) openNested(ctx context.Context) (specs []Spec, open []*archive) {
	for _, spec := range l.nest.specs() {
		a := l.reuse(spec)
		if a == nil {
			if _, err := os.Stat(spec.Path + format.SidecarSuffix); err != nil {
				l.nest.setBad(spec.Mount, true)
				go l.indexNested(spec)
				continue
			}
			var err error
			if a, err = openArchive(ctx, spec.Path, l.notice); err != nil {
				if a = l.held(spec.Path); a == nil {
					l.nest.setBad(spec.Mount, true)
					l.notice(fmt.Sprintf("not served: %v", err))
					continue
				}
				l.notice(fmt.Sprintf("the archive that is served stays: %v", err))
			}
		}
		specs, open = append(specs, spec), append(open, a)
	}
	return specs, open
}

// indexNested writes the sidecar of a pack, and then serves the pack.
func (l *Library) indexNested(spec Spec) {
	if _, err := tarpack.Reindex(context.Background(), spec.Path,
		tarpack.ReindexOptions{}); err != nil {
		l.notice(fmt.Sprintf("not served: %v", err))
		return
	}
	l.nest.setBad(spec.Mount, false)
	if err := l.Reload(context.Background()); err != nil {
		l.notice(fmt.Sprintf("looking for archives: %v", err))
	}
}

// look reports whether the pack of a folder has come, changed or gone since the last look, and
// whether the folder exists.
func (n *nest) look(dir string, now time.Time) (changed, exists bool) {
	n.mu.RLock()
	d := n.dirs[dir]
	fresh := d != nil && now.Sub(d.checked) < recheck
	n.mu.RUnlock()
	if fresh {
		return false, true
	}
	pack, err := n.tree.Stat(path.Join(dir, PackName))
	if err != nil || !pack.Mode().IsRegular() {
		pack = nil
	}
	if pack == nil && dir != "" {
		if fi, err := n.tree.Stat(dir); err != nil || !fi.IsDir() {
			n.mu.Lock()
			defer n.mu.Unlock()
			d := n.dirs[dir]
			delete(n.dirs, dir)
			return d != nil && d.pack != nil, false
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if d = n.dirs[dir]; d == nil {
		d = &nestDir{}
		n.dirs[strings.Clone(dir)] = d // dir is part of a request's buffer
	}
	d.checked = now
	if sameFile(pack, d.pack) {
		return false, true
	}
	d.pack, d.bad = pack, false
	return true, true
}

// discover looks for packs in the folders on a path, and also in path itself if deep is set. It
// returns true if the Set has changed.
func (l *Library) discover(path string, deep bool) bool {
	now := time.Now()
	changed := false
	for end := 0; end <= len(path); end++ {
		if end > 0 && end < len(path) && path[end] != '/' || end == len(path) && end > 0 && !deep {
			continue
		}
		c, exists := l.nest.look(path[:end], now)
		changed = changed || c
		if !exists {
			break
		}
	}
	return changed && l.reloadNested()
}

// reloadNested opens the packs that were found. It returns true if the Set has changed.
func (l *Library) reloadNested() bool {
	if err := l.Reload(context.Background()); err != nil {
		l.notice(fmt.Sprintf("looking for archives: %v", err))
		return false
	}
	return true
}
