package live

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"

	"github.com/tarpack/tpk/internal/changetime"
)

// eventBuffer is how many events may wait while folders are read.
const eventBuffer = 8192

// watcher gets events of all folders. It has no system watcher if changes are not noticed by
// events.
type watcher struct {
	dir    string // the path of the directory
	fs     *fsnotify.Watcher
	failed error // why there are no events; nil as long as there are

	// Folders that are watched: which one a path is, and the path that each is watched by.
	byPath map[string]inode
	byFile map[inode]string
}

// inode identifies a folder whatever its path is. It is zero where the system has none.
type inode struct{ dev, ino uint64 }

// newWatcher returns a watcher of the directory dir, without any folder.
func newWatcher(dir string) *watcher {
	w := &watcher{dir: dir, byPath: map[string]inode{}, byFile: map[inode]string{}}
	if perFile {
		w.failed = errPerFile
		return w
	}
	if w.fs, w.failed = fsnotify.NewBufferedWatcher(eventBuffer); w.failed != nil {
		w.fs = nil
	}
	return w
}

// errPerFile is why there are no events where the system watches single files.
var errPerFile = errors.New("this system would need an open file for each file that is watched")

// add watches a folder. If the system allows no more of them, none is watched any more.
//
// A folder whose parent was moved is still watched by its former path, and its events have that.
// fsnotify keeps the path when such a folder is added again, so it is removed first.
func (w *watcher) add(path string) {
	if w.fs == nil {
		return
	}
	name := w.name(path)
	var id inode
	if fi, err := os.Lstat(name); err == nil {
		s := changetime.StampOf(fi)
		id = inode{s.Dev, s.Ino}
	}
	if former, ok := w.byFile[id]; ok && former != path {
		w.remove(former)
	}
	w.forget(path)
	if err := w.fs.Add(name); err != nil {
		if isLimit(err) {
			w.failed = err
			w.close()
		}
		return
	}
	w.byPath[path] = id
	if id != (inode{}) {
		w.byFile[id] = path
	}
}

// name returns the name of a file in the directory.
func (w *watcher) name(path string) string {
	return filepath.Join(w.dir, filepath.FromSlash(path))
}

// has reports whether a folder is watched, as far as that is possible.
func (w *watcher) has(path string) bool {
	_, ok := w.byPath[path]
	return ok || w.fs == nil
}

// remove ends the watch of a path.
func (w *watcher) remove(path string) {
	w.forget(path)
	if w.fs != nil {
		_ = w.fs.Remove(w.name(path)) // it may have ended by itself
	}
}

// forget notes that a path is not watched any more.
func (w *watcher) forget(path string) {
	if id, ok := w.byPath[path]; ok {
		delete(w.byPath, path)
		if w.byFile[id] == path {
			delete(w.byFile, id)
		}
	}
}

// keep ends the watches of all other folders than those that are known.
func (w *watcher) keep(known func(path string) bool) {
	for path := range w.byPath {
		if !known(path) {
			w.remove(path)
		}
	}
}

func (w *watcher) close() {
	if w.fs != nil {
		_ = w.fs.Close()
		w.fs = nil
	}
}

// events and errors are nil if there are no events: a receive from nil waits for ever.
func (w *watcher) events() <-chan fsnotify.Event {
	if w.fs == nil {
		return nil
	}
	return w.fs.Events
}

func (w *watcher) errors() <-chan error {
	if w.fs == nil {
		return nil
	}
	return w.fs.Errors
}

// folderOf returns the folder in which an event has happened. ok is false if it says nothing of
// what is in a folder. A folder that has lost its name is not watched any more.
func (w *watcher) folderOf(e fsnotify.Event) (path string, ok bool) {
	rel, err := filepath.Rel(w.dir, e.Name)
	if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
		return "", false // the directory itself: see Dir.reopen
	}
	rel = filepath.ToSlash(rel)
	if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
		w.forget(rel) // the watch of a folder ends with its name
	}
	path, _ = split(rel)
	return path, true
}
