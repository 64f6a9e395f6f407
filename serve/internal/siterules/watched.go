package siterules

import (
	"errors"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"
)

// Watched has the rules of a directory, whose files may change at any time. It is safe for
// concurrent use.
type Watched struct {
	// Open opens a regular file of the directory. It must not wait for a FIFO.
	Open func(name string) (fs.File, error)
	// Stat describes a file of the directory, after following symbolic links.
	Stat    func(name string) (fs.FileInfo, error)
	Options Options
	Notice  func(problem string) // is called with each new problem

	mu      sync.Mutex // held while the files are read
	checked atomic.Int64
	stamps  [len(Files)]stamp
	site    atomic.Pointer[Site]
	found   atomic.Int64 // problems
}

// Problems returns how many problems the files have that Rules has returned the rules of.
func (w *Watched) Problems() int { return int(w.found.Load()) }

// stamp is what changes with the content of a file.
type stamp struct {
	exists bool
	size   int64
	time   time.Time
}

// Rules returns the rules of the files as they were at the time now, in seconds since 1970. They
// are looked at once in a second. If instant is set and they would have to be looked at, it returns
// false. A nil Watched has no rules.
func (w *Watched) Rules(now int64, instant bool) (*Site, bool) {
	if w == nil {
		return nil, true
	}
	if w.checked.Load() == now {
		return w.site.Load(), true
	}
	if instant {
		return nil, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.checked.Load() != now {
		w.look()
		w.checked.Store(now)
	}
	return w.site.Load(), true
}

// look reads the files if one of them has changed.
func (w *Watched) look() {
	var now [len(Files)]stamp
	for i, name := range Files {
		if fi, err := w.Stat(name); err == nil && fi.Mode().IsRegular() {
			now[i] = stamp{true, fi.Size(), fi.ModTime()}
		}
	}
	if now == w.stamps {
		return
	}
	var texts [len(Files)][]byte
	for i, name := range Files {
		text, err := w.read(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.stamps = now
			w.found.Store(1)
			w.Notice(name + ": the rules stay as they were: " + err.Error())
			return
		}
		texts[i] = text
	}
	site, problems := Parse(texts[0], texts[1], w.Options)
	for _, p := range problems {
		w.Notice(p.String())
	}
	w.site.Store(site)
	w.found.Store(int64(len(problems)))
	w.stamps = now
}

// read reads a file, or slightly more of it than is allowed.
func (w *Watched) read(name string) ([]byte, error) {
	f, err := w.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, MaxFile+1))
}
