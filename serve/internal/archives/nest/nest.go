// Package nest finds archives in a tree of plain files, and remembers what it has found. It opens
// none.
package nest

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plain"
)

// Recheck is how long the result of a look into a folder is used. So a pack that comes, changes or
// goes is noticed at the first request below its folder, at most that much later. Trees of any size
// need no watching.
const Recheck = time.Second

// Nest finds the archives in a tree of plain files: a pack.tar.gz is served in place of the folder
// it lies in. A folder is looked into when the path of a request leads through it. An A is an open
// archive. A Nest is safe for concurrent use.
type Nest[A any] struct {
	dir     string
	tree    *plain.Dir
	hidden  func(path string) bool // may be nil
	release func(*A)

	mu   sync.RWMutex
	dirs map[string]*folder[A] // folders that exist, by path

	changes  atomic.Int64 // packs that have come, changed or gone
	followed atomic.Int64 // how many of these what is served has
}

// Pack is a pack that was found.
type Pack struct {
	Dir  string // the path of the folder that it lies in
	Name string // of the file
}

// folder is what is known of a folder.
type folder[A any] struct {
	checked time.Time
	pack    os.FileInfo // nil: there is none
	bad     bool        // it could not be opened, and is left out until it changes
	making  bool        // it is being indexed or converted
	ready   *A          // that has been opened by this; nil: there is none
}

// New returns a Nest of the tree in the directory dir, which is open as tree. It leaves out packs
// in folders that are hidden; hidden may be nil. release closes an archive.
func New[A any](
	dir string, tree *plain.Dir, hidden func(string) bool, release func(*A),
) *Nest[A] {
	return &Nest[A]{dir: dir, tree: tree, hidden: hidden, release: release,
		dirs: map[string]*folder[A]{}}
}

// Changes returns how many packs have come, changed or gone.
func (n *Nest[A]) Changes() int64 { return n.changes.Load() }

// Follow notes that what is served has so many of the changes.
func (n *Nest[A]) Follow(changes int64) { n.followed.Store(changes) }

// Followed returns how many of the changes what is served has.
func (n *Nest[A]) Followed() int64 { return n.followed.Load() }

// Packs returns the packs that are known and good, by path.
func (n *Nest[A]) Packs() []Pack {
	n.mu.RLock()
	defer n.mu.RUnlock()
	var packs []Pack
	for dir, d := range n.dirs {
		if d.pack != nil && !d.bad {
			packs = append(packs, Pack{dir, n.file(dir)})
		}
	}
	order.Sort(packs, func(a, b Pack) int { return strings.Compare(a.Dir, b.Dir) })
	return packs
}

// file returns the name of the pack of a folder.
func (n *Nest[A]) file(dir string) string {
	return filepath.Join(n.dir, filepath.FromSlash(dir), paths.PackName)
}

// SetBad notes that the pack of a folder can't be opened.
func (n *Nest[A]) SetBad(dir string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if d := n.dirs[dir]; d != nil {
		d.bad = true
	}
}

// pack describes the pack of a folder. It returns nil if there is none, or if symbolic links lead
// from the folder's path to a hidden folder.
func (n *Nest[A]) pack(dir string) os.FileInfo {
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

// Look counts a change if the pack of a folder has come, changed or gone since the last look. It
// does not look again before Recheck is over. It reports whether the folder exists.
func (n *Nest[A]) Look(dir string, now time.Time) (exists bool) {
	n.mu.RLock()
	d := n.dirs[dir]
	fresh := d != nil && now.Sub(d.checked) < Recheck
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
		d = &folder[A]{}
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

// Begin notes that a pack is being made, and returns false if it is already.
func (n *Nest[A]) Begin(dir string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := n.dirs[dir]
	if d == nil || d.making {
		return false
	}
	d.making = true
	return true
}

// End notes that a pack is made: a is the open archive, or nil after an error. If it would
// fail again, the pack is bad.
func (n *Nest[A]) End(dir string, a *A, bad bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := n.dirs[dir]
	if d == nil { // the folder is gone
		if a != nil {
			n.release(a)
		}
		return
	}
	if d.ready != nil {
		n.release(d.ready)
	}
	d.making, d.ready, d.bad = false, a, bad
}

// TakeReady returns the archive that was opened when the pack of a folder was made, or nil.
func (n *Nest[A]) TakeReady(dir string) *A {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := n.dirs[dir]
	if d == nil {
		return nil
	}
	a := d.ready
	d.ready = nil
	return a
}

// Close gives up what was opened and never served.
func (n *Nest[A]) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range n.dirs {
		if d.ready != nil {
			n.release(d.ready)
			d.ready = nil
		}
	}
}
