package live

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// eventBuffer is how many events may wait while folders are read.
const eventBuffer = 8192

// watcher gets events of all folders. It has no system watcher if changes are not noticed by
// events.
type watcher struct {
	dir    string // the path of the directory
	fs     *fsnotify.Watcher
	failed error // why there are no events; nil as long as there are
}

// newWatcher returns a watcher of the directory dir, without any folder.
func newWatcher(dir string) *watcher {
	w := &watcher{dir: dir}
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
func (w *watcher) add(path string) {
	if w.fs == nil {
		return
	}
	err := w.fs.Add(filepath.Join(w.dir, filepath.FromSlash(path)))
	if err != nil && isLimit(err) {
		w.failed = err
		w.close()
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
// what is in a folder.
func (w *watcher) folderOf(e fsnotify.Event) (path string, ok bool) {
	rel, err := filepath.Rel(w.dir, e.Name)
	if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
		return "", false // the directory itself: see Dir.reopen
	}
	path, _ = split(filepath.ToSlash(rel))
	return path, true
}
