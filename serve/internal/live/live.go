package live

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/tarpack"
)

// MaxFiles is how many files and folders are followed. One takes about 150 bytes of memory. Further
// ones are served, but not found and not packed.
const MaxFiles = 500_000

// Config is what a Dir needs. All fields but Cache, CacheLimit and Hidden are needed.
type Config struct {
	Path string // of the directory, which need not exist
	// Cache is a directory for layers; "" for none: then nothing is packed.
	Cache string
	// CacheLimit is how many bytes the layers of this directory may take. 0 means 10 GiB, but at most
	// a tenth of the file system.
	CacheLimit int64
	// Hidden reports whether a path below the directory is left out. That of a folder ends in a slash.
	Hidden func(path string) bool
	// Open opens the archive of a layer, with one reference.
	Open func(ctx context.Context, name string) (Archive, error)
	// Changed is called when Hold returns something else than before, by one goroutine at a time.
	Changed func()
	Notice  func(message string)
}

// Archive is the open archive of a layer. It has references: the last Release closes it.
type Archive interface {
	Tar() *tarpack.Archive
	Retain()
	Release()
}

// Dir is a directory that is followed. It is safe for concurrent use.
type Dir struct {
	c       Config
	catalog catalog
	store   *store // nil: nothing is packed
	// toldFull is set once there was a notice about too many files. Only follow uses it.
	toldFull bool

	ctx    context.Context
	cancel func()
	work   sync.WaitGroup
	pack   chan struct{} // has a value if there may be something to pack

	mu      sync.Mutex // held for the fields below
	root    *plain.Dir // nil: it is not there
	layers  []*Layer   // oldest first
	changed time.Time  // when the catalog last changed
	events  bool       // changes are noticed by events
	scanned bool       // all folders were read since the root came
}

// New returns a Dir of what is there, with the layers of an earlier one. Nothing is followed before
// Start. The caller must call Close.
func New(c Config) (*Dir, error) {
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, err
	}
	c.Path = path
	if c.Hidden == nil {
		c.Hidden = func(string) bool { return false }
	}
	d := &Dir{c: c, pack: make(chan struct{}, 1)}
	d.catalog.folders = map[string]*folder{}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	if c.Cache == "" {
		c.Notice(c.Path + ": its files are not compressed, and their text is not searched:" +
			" there is no directory for that")
	} else if d.store, err = openStore(c.Cache, c.Path, c.CacheLimit); err != nil {
		c.Notice(c.Path + ": its files are not compressed, and their text is not searched: " +
			err.Error())
	}
	d.load()
	d.reopen()
	return d, nil
}

// Start begins to follow the directory.
func (d *Dir) Start() {
	d.work.Go(d.follow)
	if d.store != nil {
		d.work.Go(d.packAll)
	}
}

// Close ends that, and waits until it has ended.
func (d *Dir) Close() {
	d.cancel()
	d.work.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range d.layers {
		l.Archive.Release()
	}
	if d.root != nil {
		d.root.Release()
	}
	d.layers, d.root = nil, nil
	if d.store != nil {
		d.store.close()
	}
}

// Held is what is served of a Dir at one time.
type Held struct {
	Root   *plain.Dir // nil: it is not there
	Layers []*Layer
}

// Hold returns what is to be served, with a reference more to everything.
func (d *Dir) Hold() Held {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := Held{d.root, slices.Clone(d.layers)}
	h.Retain()
	return h
}

// Retain adds a reference to everything.
func (h Held) Retain() {
	if h.Root != nil {
		h.Root.Retain()
	}
	for _, l := range h.Layers {
		l.Archive.Retain()
	}
}

// Release gives a reference to everything up.
func (h Held) Release() {
	if h.Root != nil {
		h.Root.Release()
	}
	for _, l := range h.Layers {
		l.Archive.Release()
	}
}

// Packed returns the layer that has the content of a file, or nil. It looks at the file. What it
// returns may not be part of what is held.
func (d *Dir) Packed(path string) *Layer {
	e, ok := d.catalog.find(path)
	if !ok || e.layer == nil {
		return nil
	}
	if now, ok := d.stampOf(path); !ok || now != e.stamp {
		return nil
	}
	return e.layer
}

// Holds reports whether a layer has the content that a path had when it was last noticed.
func (d *Dir) Holds(path string, l *Layer) bool {
	e, ok := d.catalog.find(path)
	return ok && e.layer == l
}

// Stats describes a Dir.
type Stats struct {
	Files  int   `json:"files"`  // files that were noticed
	Packed int   `json:"packed"` // those that are in a layer
	Layers int   `json:"layers"`
	Bytes  int64 `json:"bytes"`  // of the layers with their indexes
	Events bool  `json:"events"` // changes are noticed by events of the system
}

// Stats returns what d has at present.
func (d *Dir) Stats() Stats {
	s := Stats{}
	for _, f := range d.catalog.snapshot() {
		for i := range f.entries {
			if e := &f.entries[i]; e.kind == Regular {
				s.Files++
				if e.layer != nil {
					s.Packed++
				}
			}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s.Layers, s.Events = len(d.layers), d.events
	for _, l := range d.layers {
		s.Bytes += l.bytes
	}
	return s
}

// quiet returns how long the catalog has not changed.
func (d *Dir) quiet(now time.Time) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return now.Sub(d.changed)
}

// nudge wakes what packs up.
func (d *Dir) nudge() {
	select {
	case d.pack <- struct{}{}:
	default:
	}
}

// stampOf describes what a path names, without following a symbolic link at its end. ok is false
// if that is not a regular file. Links on the way are followed: the stamp then is that of the file
// which was packed, or it differs.
func (d *Dir) stampOf(path string) (s changetime.Stamp, ok bool) {
	fi, err := lstat(d.c.Path, path)
	if err != nil || !fi.Mode().IsRegular() {
		return s, false
	}
	return changetime.StampOf(fi), true
}
