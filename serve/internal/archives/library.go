package archives

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/archives/nest"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/gzipform"
	"github.com/tarpack/tpk/serve/internal/live"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/serve/internal/siterules"
	"github.com/tarpack/tpk/serve/internal/turns"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
)

// Spec is an archive to serve, and where.
type Spec struct {
	Path  string // the file, a shard set, a device, or a directory of plain files
	Mount string // the URL path that its files are below; "" and "/" are the root
	Wait  bool   // the file need not be there yet: below Mount the answer is ErrPending then
	// Opened, if set, is an archive that the caller has opened, and closes after the Library. Path is
	// not used then.
	Opened *tarpack.Archive
	// Open, if set, opens the archive, which is closed by the Library. Path is only its name then. It
	// is called again if the archive has changed: see Library.Replaced.
	Open func(context.Context) (*tarpack.Archive, error)
	// Live follows the directory Path, which need not be there yet: see package live.
	Live bool
}

// Options are what a Library has besides its archives.
type Options struct {
	// Fallback is a directory of plain files, asked after all archives; "" for none.
	Fallback string
	// Nested mounts every pack.tar.gz below Fallback in the folder it lies in. They are found,
	// renewed and dropped while requests come.
	Nested bool
	// Hidden reports whether a path is left out of downloads, with everything below it. A slash at its
	// end means that it is a folder. It may be nil.
	Hidden func(path string) bool
	// CacheDir is the directory for indexes that are missing and for converted files: see
	// cache.Cache.Dir.
	CacheDir  string
	CacheSize int64 // of cache.Cache.Limit
	// NoConvert refuses files that are not archives. Otherwise they are converted.
	NoConvert bool
	// Rules are what the files _redirects and _headers of sites may ask for. nil: they are files as
	// all others.
	Rules *siterules.Options
	// Trust is that of tarpack.OpenOptions. With it, a directory is refused.
	Trust *signature.Trust
	// Notice gets messages about what happens without a request for it. It may be nil.
	Notice func(string)
}

// Library holds the current Set. It is safe for concurrent use.
type Library struct {
	notice  func(string)
	hidden  func(path string) bool // nil if nothing is hidden
	current atomic.Pointer[Set]
	nest    *nest.Nest[Archive] // nil without nested archives

	cache     *cache.Cache
	noConvert bool
	trust     *signature.Trust
	rules     *siterules.Options

	ctx    context.Context // ends with Close
	cancel func()
	jobs   sync.WaitGroup
	turn   *turns.Turns // held while a pack is indexed or converted, which takes all processors

	mu       sync.Mutex // held while the set is changed
	specs    []Spec
	fallback *plain.Dir
	closed   bool

	lives map[liveKey]*live.Dir // directories that are followed; under mu

	// plainForms has the forms of plain files.
	plainForms gzipform.Cache[changetime.Stamp]

	looking sync.Once // lookAround was started

	watching   sync.WaitGroup // what looks after open archives
	watchingMu sync.Mutex     // held while one of these begins, and by Close

	shared sync.WaitGroup // archives that belong to the caller and are in use
}

// ErrClosed is returned by a Library after Close.
var ErrClosed = errors.New("library closed")

// NewLibrary returns a Library that serves nothing before Load.
func NewLibrary(o Options) (*Library, error) {
	l := &Library{notice: o.Notice, hidden: o.Hidden, noConvert: o.NoConvert, trust: o.Trust,
		rules: o.Rules,
		cache: &cache.Cache{Dir: o.CacheDir, Limit: o.CacheSize}, turn: turns.New(1),
		lives: map[liveKey]*live.Dir{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	if l.notice == nil {
		l.notice = func(string) {}
	}
	if o.Fallback != "" {
		var err error
		if l.fallback, err = plain.Open(o.Fallback); err != nil {
			return nil, err
		}
		l.watchRules(l.fallback, o.Fallback)
		if o.Nested {
			l.nest = nest.New(o.Fallback, l.fallback, o.Hidden, (*Archive).release)
			l.hidden = paths.WithPacks(o.Hidden)
		}
	}
	return l, nil
}

// Close closes everything, and stops what is being indexed or converted. Files that views still use
// are closed with the last of these. It waits for views that use an archive of the caller's, who
// may close that afterwards.
func (l *Library) Close() {
	l.watchingMu.Lock()
	l.cancel()
	l.watchingMu.Unlock()
	l.close()
	l.endLives()
	l.jobs.Wait()
	l.watching.Wait()
	if l.nest != nil {
		l.nest.Close()
	}
	l.shared.Wait()
}

// begin looks after an open archive in the background. Close waits for that. It returns false after
// Close.
func (l *Library) begin(watch func()) bool {
	l.watchingMu.Lock()
	defer l.watchingMu.Unlock()
	if l.ctx.Err() != nil {
		return false
	}
	l.watching.Go(watch)
	return true
}

// close is Close without the wait.
func (l *Library) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	if s := l.current.Swap(nil); s != nil {
		s.release()
	}
	if l.fallback != nil {
		l.fallback.Release()
	}
}

// View makes v a view of the current Set. It returns false if there is none.
func (l *Library) View(v *View) bool {
	for {
		s := l.current.Load()
		if s == nil {
			return false
		}
		if s.acquire() {
			v.set, v.library, v.fresh = s, l, true
			return true
		}
	}
}

// Nested reports whether archives are looked for on disk at each request.
func (l *Library) Nested() bool { return l.nest != nil }

// Ready reports whether there is a Set to serve.
func (l *Library) Ready() bool { return l.current.Load() != nil }

// Specs returns what was last loaded. It waits for a change that has begun.
func (l *Library) Specs() []Spec {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.specs)
}

// Load makes specs what is served. An archive that is open already, and whose files are the same,
// stays open. If another one can't be opened nothing changes, and the error names it.
func (l *Library) Load(ctx context.Context, specs []Spec) error {
	err := l.Change(ctx, func([]Spec) ([]Spec, error) { return specs, nil })
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && l.nest != nil && !l.closed {
		l.jobs.Go(l.findPacks)
	}
	return err
}

// Change is Load with what edit makes of the present specs.
func (l *Library) Change(ctx context.Context, edit func([]Spec) ([]Spec, error)) error {
	return l.change(ctx, edit, false)
}

// change is Change. With keep set, an archive that can't be opened is served as before, and the
// others are replaced in spite of the error.
func (l *Library) change(
	ctx context.Context, edit func([]Spec) ([]Spec, error), keep bool,
) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.looking.Do(func() { l.begin(l.lookAround) })
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	specs, err := edit(slices.Clone(l.specs))
	if err != nil {
		return err
	}
	for i := range specs {
		if specs[i].Mount, err = paths.Mount(specs[i].Mount, l.hidden); err != nil {
			return err
		}
	}
	defer l.begin(l.endLives)
	p := parts{fallback: l.fallback}
	var kept error
	if p.backings, kept = l.open(ctx, specs, keep); kept != nil && p.backings == nil {
		return kept
	}
	p.specs = slices.Clone(specs)
	changes := int64(0)
	if l.nest != nil {
		var nested []Spec
		var found []*Archive
		nested, found, p.pending, changes = l.openNested(ctx)
		p.specs = append(p.specs, nested...)
		for _, a := range found {
			p.backings = append(p.backings, backing{archive: a})
		}
	}
	if l.fallback != nil {
		l.fallback.Retain()
	}
	l.specs = specs
	if old := l.current.Swap(newSet(p)); old != nil {
		old.release()
	}
	if l.nest != nil {
		l.nest.Follow(changes)
	}
	return kept
}

// open opens what specs name, or nothing. With keep set, what can't be opened is replaced by what
// is served at present, unless ctx has ended; then there is an error as well.
func (l *Library) open(ctx context.Context, specs []Spec, keep bool) ([]backing, error) {
	open := make([]backing, 0, len(specs))
	var errs []error
	for _, spec := range specs {
		o, err := l.openOne(ctx, spec)
		if err != nil {
			errs = append(errs, err)
			o = backing{}
			if keep {
				o = l.present(spec)
			}
		}
		open = append(open, o)
	}
	if len(errs) == 0 || keep && ctx.Err() == nil {
		return open, errors.Join(errs...)
	}
	for _, o := range open {
		o.release()
	}
	return nil, errors.Join(errs...)
}

func (l *Library) openOne(ctx context.Context, spec Spec) (backing, error) {
	if spec.Live {
		return l.openLive(spec)
	}
	if spec.Opened == nil && spec.Open == nil {
		fi, err := os.Stat(spec.Path)
		switch {
		case err == nil && fi.IsDir() && l.trust != nil:
			return backing{}, fmt.Errorf("%s: %w: it is a directory", spec.Path, signature.ErrUnsigned)
		case err == nil && fi.IsDir():
			d, err := l.openDir(spec)
			return backing{dir: d}, err
		case errors.Is(err, fs.ErrNotExist) && spec.Wait && l.waits(spec):
			return backing{}, nil
		}
	}
	if b := l.reuse(spec); b.archive != nil {
		return b, nil
	}
	a, err := l.openSpec(ctx, spec)
	if err != nil || spec.Open == nil {
		return backing{archive: a}, err
	}
	former := l.present(spec)
	defer former.release()
	return backing{archive: a, older: former.retire()}, nil
}

// waits reports whether nothing is served yet for a Spec whose file is not there. The
// first time, it notes that in the log. If something is served, that stays.
func (l *Library) waits(spec Spec) bool {
	if _, set, err := tarpack.SetList(spec.Path); err != nil || set {
		return false
	}
	if s := l.current.Load(); s != nil {
		if slices.ContainsFunc(s.waiting, func(w Spec) bool { return w.Path == spec.Path }) {
			return true
		}
		if slices.ContainsFunc(s.sources, func(a *Archive) bool { return a.Name == spec.Path }) ||
			slices.ContainsFunc(s.dirs, func(d *mountedDir) bool { return d.path == spec.Path }) {
			return false
		}
	}
	l.notice(fmt.Sprintf("%s: not there yet: /%s is answered with 503 until it is", spec.Path,
		spec.Mount))
	return true
}

// openWritten opens an archive, after waiting until no program writes it. If it is served already,
// it waits for a few seconds only, since other archives must not wait for it.
func (l *Library) openWritten(ctx context.Context, name string) (*Archive, error) {
	limit, o := time.Duration(0), opening{told: map[string]bool{}}
	if s := l.current.Load(); s != nil {
		limit = busyLimit
		for _, a := range s.sources {
			o.doubtful = o.doubtful || a.Name == name && a.guard.Overwritten()
		}
	}
	for began := time.Now(); ; {
		if err := l.waitUntilWritten(ctx, name, limit); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		a, err := l.openArchive(ctx, name, o)
		if errors.Is(err, format.ErrShard) && limit == 0 && guard.CheckBusy(name, true) != nil {
			l.sleep(lookAgain) // the other files of the set may follow
			continue
		}
		if !errors.Is(err, guard.ErrBusy) || limit > 0 && time.Since(began) > limit {
			return a, err
		}
	}
}

// busyLimit is how long Load and Reload wait for an archive that is being written.
const busyLimit = 5 * time.Second
