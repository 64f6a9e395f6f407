package live

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/tarpack/tpk/internal/changetime"
)

// Kind is what an entry is.
type Kind uint8

// The kinds of entries. Others are not followed.
const (
	Regular Kind = iota
	Folder
	Link // a symbolic link
)

// entry is what is known of a file, a folder or a link.
type entry struct {
	name  string
	stamp changetime.Stamp
	kind  Kind
	layer *Layer // has the content that the file had with the stamp; nil: none
}

// folder has the entries of a folder, by name. It is never changed.
type folder struct {
	path    string
	entries []entry
}

func (f *folder) find(name string) (entry, bool) {
	i, ok := slices.BinarySearchFunc(f.entries, name, func(e entry, name string) int {
		return strings.Compare(e.name, name)
	})
	if !ok {
		return entry{}, false
	}
	return f.entries[i], true
}

// catalog is what is in the directory, as it was last noticed.
type catalog struct {
	mu      sync.RWMutex
	folders map[string]*folder // by path; "" is the root
	order   []*folder          // the same, sorted by path; nil: to be sorted again
	count   int                // entries
}

// split returns the folder of a path, and the name in it.
func split(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

func (c *catalog) find(path string) (entry, bool) {
	dir, name := split(path)
	c.mu.RLock()
	f := c.folders[dir]
	c.mu.RUnlock()
	if f == nil {
		return entry{}, false
	}
	return f.find(name)
}

// snapshot returns all folders, sorted by path.
func (c *catalog) snapshot() []*folder {
	c.mu.RLock()
	order := c.order
	c.mu.RUnlock()
	if order != nil {
		return order
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.order == nil {
		c.order = slices.SortedFunc(maps.Values(c.folders),
			func(a, b *folder) int { return strings.Compare(a.path, b.path) })
	}
	return c.order
}

// paths returns the paths of all folders.
func (c *catalog) paths() []string {
	var paths []string
	for _, f := range c.snapshot() {
		paths = append(paths, f.path)
	}
	return paths
}

// room returns how many entries a folder may have.
func (c *catalog) room(path string) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n := MaxFiles - c.count
	if f := c.folders[path]; f != nil {
		n += len(f.entries)
	}
	return n
}

// put replaces a folder. Files whose stamp is the same stay in their layers. It returns the paths
// of folders in it that are new, or other ones than before, and whether anything has changed.
func (c *catalog) put(f *folder) (fresh []string, changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	former := c.folders[f.path]
	if former == nil {
		former, changed = &folder{}, true
	}
	changed = changed || len(former.entries) != len(f.entries)
	for i := range f.entries {
		e := &f.entries[i]
		was, ok := former.find(e.name)
		switch {
		case !ok || was.kind != e.kind:
			changed = true
		case e.kind == Folder:
			ok = was.stamp.Dev == e.stamp.Dev && was.stamp.Ino == e.stamp.Ino
		case was.stamp == e.stamp:
			e.layer = was.layer
		default:
			changed = true
		}
		if e.kind == Folder && (!ok || c.folders[join(f.path, e.name)] == nil) {
			fresh, changed = append(fresh, join(f.path, e.name)), true
		}
	}
	if !changed {
		return nil, false
	}
	for i := range former.entries {
		was := &former.entries[i]
		if now, ok := f.find(was.name); was.kind == Folder && (!ok || now.kind != Folder) {
			c.drop(join(f.path, was.name))
		}
	}
	c.count += len(f.entries) - len(former.entries)
	c.folders[f.path] = f
	c.order = nil
	return fresh, true
}

// remove forgets a folder and everything below it. It reports whether that has changed anything.
func (c *catalog) remove(path string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drop(path)
}

// drop is remove with the lock held.
func (c *catalog) drop(path string) bool {
	f := c.folders[path]
	if f == nil {
		return false
	}
	delete(c.folders, path)
	c.order = nil
	c.count -= len(f.entries)
	for i := range f.entries {
		if f.entries[i].kind == Folder {
			c.drop(join(path, f.entries[i].name))
		}
	}
	return true
}

// Content is a file as it was when it had a stamp.
type content struct {
	path  string
	stamp changetime.Stamp
}

// place notes that a layer has contents, unless the files have changed.
func (c *catalog) place(contents []content, l *Layer) {
	byFolder := map[string][]content{}
	for _, x := range contents {
		dir, _ := split(x.path)
		byFolder[dir] = append(byFolder[dir], x)
	}
	for dir, in := range byFolder {
		c.placeIn(dir, in, l)
	}
}

// placeIn is place for the files of one folder.
func (c *catalog) placeIn(dir string, contents []content, l *Layer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	former := c.folders[dir]
	if former == nil {
		return
	}
	f := &folder{dir, slices.Clone(former.entries)}
	for _, x := range contents {
		_, name := split(x.path)
		i, ok := slices.BinarySearchFunc(f.entries, name,
			func(e entry, name string) int { return strings.Compare(e.name, name) })
		if ok && f.entries[i].stamp == x.stamp && f.entries[i].kind == Regular {
			f.entries[i].layer = l
		}
	}
	c.folders[dir] = f
	c.order = nil
}

// Walk calls visit for each entry that was noticed, by folder and by name.
func (d *Dir) Walk(visit func(path string, k Kind, s changetime.Stamp)) {
	for _, f := range d.catalog.snapshot() {
		for i := range f.entries {
			e := &f.entries[i]
			visit(join(f.path, e.name), e.kind, e.stamp)
		}
	}
}
