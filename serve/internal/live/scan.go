package live

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/plain"
)

// scanner reads folders into the catalog.
type scanner struct {
	d       *Dir
	root    *plain.Dir
	w       *watcher
	changed bool
	full    bool // there were more than MaxFiles
}

// scan reads folders, and those below that are new. With all set it reads all that are known.
// Each folder that is not watched yet is, before it is read.
func (d *Dir) scan(root *plain.Dir, paths []string, all bool, w *watcher) {
	s := &scanner{d: d, root: root, w: w}
	if all {
		paths = append([]string{""}, d.catalog.paths()...)
		slices.Sort(paths)
		paths = slices.Compact(paths)
	}
	for _, path := range paths {
		if d.ctx.Err() != nil {
			return
		}
		if path != "" && !d.catalog.has(path) {
			continue // a folder above it is gone, or is new and is read as a whole
		}
		s.folder(path)
	}
	if all {
		w.keep(d.catalog.has)
		d.placeLoaded()
	}
	d.mu.Lock()
	d.scanned = d.scanned || all
	if s.changed {
		d.changed = time.Now()
	}
	d.mu.Unlock()
	if s.changed || all {
		d.nudge()
	}
	d.tellFull(s.full)
}

// has reports whether a folder is known.
func (c *catalog) has(path string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.folders[path] != nil
}

// folder reads one folder, and those in it that are new.
func (s *scanner) folder(path string) {
	if s.d.ctx.Err() != nil {
		return
	}
	if !s.d.catalog.has(path) {
		s.w.add(path)
	}
	f, ok := s.read(path)
	if !ok {
		s.changed = s.d.catalog.remove(path) || s.changed
		return
	}
	fresh, changed := s.d.catalog.put(f)
	s.changed = s.changed || changed
	for _, path := range fresh {
		s.d.catalog.remove(path) // another folder may have had the name
		s.folder(path)
	}
	for i := range f.entries {
		// A folder that was moved away and back, or removed and made again, is the same to the
		// catalog, but its watch has ended.
		if path := join(path, f.entries[i].name); f.entries[i].kind == Folder && !s.w.has(path) {
			s.w.add(path)
			s.folder(path)
		}
	}
}

// read reads the entries of a folder, without what is hidden. It returns false if there is no such
// folder.
func (s *scanner) read(path string) (*folder, bool) {
	entries, end, err := s.root.ReadDir(path)
	if err != nil || end != path || entries == nil {
		return nil, false
	}
	room := s.d.catalog.room(path)
	f := &folder{path: strings.Clone(path)}
	for _, de := range entries {
		e, ok := s.entry(path, de)
		if !ok {
			continue
		}
		if len(f.entries) >= room {
			s.full = true
			break
		}
		f.entries = append(f.entries, e)
	}
	f.entries = slices.Clip(f.entries)
	return f, true
}

// entry describes an entry of a folder. It returns false if that is hidden, gone, or of another
// kind.
func (s *scanner) entry(dir string, de fs.DirEntry) (e entry, ok bool) {
	switch de.Type() {
	case 0:
		e.kind = Regular
	case fs.ModeDir:
		e.kind = Folder
	case fs.ModeSymlink:
		e.kind = Link
	default:
		return e, false
	}
	path := join(dir, de.Name())
	if s.d.c.Hidden(path) || e.kind == Folder && s.d.c.Hidden(path+"/") {
		return e, false
	}
	fi, err := de.Info()
	if err != nil || fi.Mode().Type() != de.Type() {
		return e, false
	}
	e.name, e.stamp = de.Name(), changetime.StampOf(fi)
	return e, true
}

// tellFull says once that there are too many files.
func (d *Dir) tellFull(full bool) {
	if full && !d.toldFull {
		d.c.Notice(d.c.Path + ": has more than " + strconv.Itoa(MaxFiles) +
			" files: the others are served, but searches do not find them")
	}
	d.toldFull = d.toldFull || full
}
