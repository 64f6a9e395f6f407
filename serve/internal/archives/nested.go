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
)

// PackName is the name under which an archive is found in a directory.
const PackName = "pack.tar.gz"

// recheck is how long a look into a directory holds. So a pack that comes, changes or goes is
// noticed at the first request for something below it, at most that much later, without watching a
// tree of any size.
const recheck = time.Second

// nest finds the archives in a tree of plain files: a pack.tar.gz speaks for the directory it lies
// in. Directories are looked into when a request's path leads through them.
type nest struct {
	dir  string
	root *plain.Dir

	mu   sync.RWMutex
	dirs map[string]*nestDir // directories that exist
}

// nestDir is what is known of a directory.
type nestDir struct {
	checked time.Time
	pack    os.FileInfo // nil: it holds none
	bad     bool        // it could not be opened: it is tried again when it changes, or has got an index
}

func newNest(dir string, root *plain.Dir) *nest {
	return &nest{dir: dir, root: root, dirs: map[string]*nestDir{}}
}

// specs are the packs that are known and good.
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

func (n *nest) file(dir string) string {
	return filepath.Join(n.dir, filepath.FromSlash(dir), PackName)
}

// isPack tells if a path is that of a pack, or its sidecar, that stands for the directory it lies
// in. It is no file of that directory then: it is not listed and not answered. The directory's
// ?download=tar.gz is the same, if downloads are wanted.
func (v *View) isPack(path string) bool {
	if v.library.nest == nil {
		return false
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	if name != PackName && name != PackName+tarpack.SidecarSuffix {
		return false
	}
	return v.set.mountedAt(strings.TrimSuffix(path[:len(path)-len(name)], "/"))
}

// setBad says whether the pack of a directory can be opened.
func (n *nest) setBad(dir string, bad bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if d := n.dirs[dir]; d != nil {
		d.bad = bad
	}
}

// openNested opens the packs that were found. Where one can't be opened the one that it has
// replaced stays; if there is none it is left out, and what it hid shows. One without a sidecar is
// left out until it has got one, since a request is waiting for this.
func (l *Library) openNested(ctx context.Context) (specs []Spec, open []*archive) {
	for _, spec := range l.nest.specs() {
		a := l.reuse(spec.Path)
		if a == nil {
			if _, err := os.Stat(spec.Path + tarpack.SidecarSuffix); err != nil {
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

// indexNested makes the sidecar of a pack, and then takes the pack in.
func (l *Library) indexNested(spec Spec) {
	if _, err := tarpack.Reindex(context.Background(), spec.Path, tarpack.IndexOptions{}); err != nil {
		l.notice(fmt.Sprintf("not served: %v", err))
		return
	}
	l.nest.setBad(spec.Mount, false)
	if err := l.Reload(context.Background()); err != nil {
		l.notice(fmt.Sprintf("looking for archives: %v", err))
	}
}

// look tells whether the pack of a directory has come, changed or gone since it was last looked at,
// and whether the directory exists at all.
func (n *nest) look(dir string, now time.Time) (changed, exists bool) {
	n.mu.RLock()
	d := n.dirs[dir]
	fresh := d != nil && now.Sub(d.checked) < recheck
	n.mu.RUnlock()
	if fresh {
		return false, true
	}
	pack, err := n.root.Stat(path.Join(dir, PackName))
	if err != nil || !pack.Mode().IsRegular() {
		pack = nil
	}
	if pack == nil && dir != "" {
		if fi, err := n.root.Stat(dir); err != nil || !fi.IsDir() {
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
		n.dirs[strings.Clone(dir)] = d // dir is a view of a request, and goes with it
	}
	d.checked = now
	if sameFile(pack, d.pack) {
		return false, true
	}
	d.pack, d.bad = pack, false
	return true, true
}

// discover looks for packs in the directories on a path, and in the path itself if deep is set. It
// is true if the library's set has changed.
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

// reloadNested takes in the packs that were found.
func (l *Library) reloadNested() bool {
	if err := l.Reload(context.Background()); err != nil {
		l.notice(fmt.Sprintf("looking for archives: %v", err))
		return false
	}
	return true
}
