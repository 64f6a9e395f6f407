package guard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/source"
)

// An open archive can be written over: by cp, scp, rsync --inplace, or curl -o. Then its index
// leads to bytes of another generation. So each answer is checked after its last byte was read, and
// before the last byte is sent: see Guard.Check. A write changes the time of the last change before
// it changes any byte, so no check is passed by bytes of a later generation.

// Config is what a Guard needs of the server. All of it must be set.
type Config struct {
	Name    string // of the archive, for the log
	Archive *tarpack.Archive
	// Notice gets lines for the log.
	Notice func(string)
	// Begin runs work in the background, while the archive stays open. The context ends when the
	// server does.
	Begin func(work func(ctx context.Context))
	// Later is Begin after a time, if the archive is still served then.
	Later func(after time.Duration, work func(ctx context.Context))
	// Overwritten is called once, as soon as the archive was found to be written over.
	Overwritten func()
}

// Guard watches the files of an open archive. It is safe for concurrent use, except for the methods
// that begin with Watch.
type Guard struct {
	config Config
	files  []*file
	set    source.Overwritable   // watches what files do not, the shards of a set; or nil
	gone   atomic.Bool           // the archive is being written over
	proof  atomic.Pointer[Proof] // nil if the archive is what its index describes
	mu     sync.Mutex            // held while stamps and proof are changed

	checking chan struct{} // has room for one check of the whole archive
	begun    atomic.Bool   // a check in the background was begun, and has not ended
}

// file is a file of an archive and what it was like when it was opened.
type file struct {
	*os.File
	stamp   atomic.Pointer[changetime.Stamp]
	index   bool // the index is read from it
	content bool // members are read from it
}

// Errors of an archive that has changed. Both wrap source.ErrChanged.
var (
	// ErrOverwritten means that the archive is answered with 503 until it is complete and checked. The
	// log has a line about it.
	ErrOverwritten = fmt.Errorf("%w: it was written over", source.ErrChanged)
	// ErrDoubtful means that the archive may have changed while a request was answered. The same
	// request can succeed at once.
	ErrDoubtful = fmt.Errorf("%w: it may have been written over", source.ErrChanged)
)

// New returns the Guard of an archive. It watches nothing yet.
func New(c Config) *Guard { return &Guard{config: c, checking: make(chan struct{}, 1)} }

// WatchFile begins to watch the archive's file, which has the stamp at the beginning.
func (g *Guard) WatchFile(f *os.File, stamp changetime.Stamp) {
	g.watch(&file{File: f, content: true}, stamp)
}

// WatchIndex is WatchFile for a file beside the archive that the index is read from.
func (g *Guard) WatchIndex(f *os.File, stamp changetime.Stamp) {
	g.watch(&file{File: f, index: true}, stamp)
}

// WatchBoth is WatchFile for an archive that the index is read from, too.
func (g *Guard) WatchBoth(f *os.File, stamp changetime.Stamp) {
	g.watch(&file{File: f, index: true, content: true}, stamp)
}

func (g *Guard) watch(f *file, stamp changetime.Stamp) {
	f.stamp.Store(&stamp)
	g.files = append(g.files, f)
}

// WatchSet begins to watch the shards of a set.
func (g *Guard) WatchSet(set source.Overwritable) { g.set = set }

// Accept returns ErrBusy if a file has changed since it had its stamp, or if a further change might
// not show. linked reports that the archive got or lost a name meanwhile: then it must be compared
// with its index, as after Check.
func (g *Guard) Accept() (linked bool, err error) {
	for _, f := range g.files {
		now, err := changetime.Stat(f.File)
		was := *f.stamp.Load()
		same := was == now || !f.index && was.SameContent(now)
		if err != nil || !same || !now.Settled(time.Now()) {
			return false, errors.Join(fmt.Errorf("%s: %w", g.config.Name, ErrBusy), err)
		}
		linked = linked || was != now
		f.stamp.Store(&now)
	}
	return linked, nil
}

// Overwritten reports whether the archive was found to be written over.
func (g *Guard) Overwritten() bool { return g.gone.Load() }

// Current returns an error if the archive is being written over.
func (g *Guard) Current() error {
	err := g.Check(g.proof.Load(), 0, g.config.Archive.Size())
	if errors.Is(err, ErrDoubtful) {
		return nil
	}
	return err
}

// Check returns an error if the archive may have changed since p was its Proof. For a set it looks
// at the shards that have the bytes from off to end. After a change of nothing but attributes or
// names it may wait until all further changes show, and read the index.
func (g *Guard) Check(p *Proof, off, end int64) error { return g.check(p, off, end, true) }

// CheckAtOnce is Check without waiting: after such a change the error is ErrDoubtful, until Check
// is called.
func (g *Guard) CheckAtOnce(p *Proof, off, end int64) error { return g.check(p, off, end, false) }

func (g *Guard) check(p *Proof, off, end int64, wait bool) error {
	if g.gone.Load() {
		return ErrOverwritten
	}
	for _, f := range g.files {
		now, err := changetime.Stat(f.File)
		switch {
		case err != nil:
			return fmt.Errorf("%w: %w", source.ErrUnavailable, err)
		case now == *f.stamp.Load():
			continue
		case wait:
			err = g.changed(f)
		case f.stamp.Load().OnlyAttributes(now):
			err = ErrDoubtful
		default:
			err = g.withdraw()
		}
		if err != nil {
			return err
		}
	}
	if g.set != nil && end > off {
		if err := g.checkSet(off, end, wait); err != nil {
			return err
		}
	}
	if g.proof.Load() != p {
		return ErrDoubtful
	}
	return nil
}

// CheckAgain is Check for another answer, whose last byte was read before a Check began that has
// returned nil. It makes no system call, except for a set.
func (g *Guard) CheckAgain(p *Proof, off, end int64) error {
	switch {
	case g.set != nil:
		return g.CheckAtOnce(p, off, end)
	case g.gone.Load():
		return ErrOverwritten
	case g.proof.Load() != p:
		return ErrDoubtful
	}
	return nil
}

// checkSet is check for the shards of a set.
func (g *Guard) checkSet(off, end int64, wait bool) error {
	err := g.set.Unchanged(off, end-off)
	switch {
	case !errors.Is(err, source.ErrChanged):
		return err
	case !wait && errors.Is(err, source.ErrTouched):
		return ErrDoubtful
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch err = g.set.Unchanged(off, end-off); {
	case err == nil:
		return ErrDoubtful
	case !errors.Is(err, source.ErrTouched):
		return g.withdraw()
	}
	if !g.setIndexIsRight() {
		return g.withdraw()
	}
	g.doubt(true) // before Accept, so that no answer passes without it
	g.set.Accept()
	if !g.setIndexIsRight() { // it may have changed until then
		return g.withdraw()
	}
	return ErrDoubtful
}

// setIndexIsRight is indexIsRight if the index is in what set watches.
func (g *Guard) setIndexIsRight() bool {
	return !g.config.Archive.IndexEmbedded() || g.indexIsRight()
}

// changed decides what a change of a file means. If only the time of the last change differs,
// attributes have changed, or the file has got or lost a name. Or a program has written to it and
// then set the modification time back, perhaps beside a new name. So the index is read again if it
// is in the file, and each member is compared with it before it is used again.
func (g *Guard) changed(f *file) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	was := *f.stamp.Load()
	now, err := changetime.Stat(f.File) // another answer may have seen a later change
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", source.ErrUnavailable, err)
	case was == now: // another answer was faster, and the proof has changed
		return nil
	case !was.OnlyAttributes(now):
		return g.withdraw()
	}
	if f.index {
		for !now.Settled(time.Now()) {
			time.Sleep(time.Millisecond)
		}
		if !g.indexIsRight() {
			return g.withdraw()
		}
	}
	g.doubt(f.content) // before the stamp, so that no answer passes without it
	f.stamp.Store(&now)
	return ErrDoubtful
}

// indexIsRight compares an index that is still read from its file with what was opened, or with
// what was signed.
func (g *Guard) indexIsRight() bool {
	a := g.config.Archive
	switch {
	case a.Signed() != nil:
		return a.CheckIndex() == nil
	case a.Index().Mapped():
		return a.Index().CheckHashes() == nil
	}
	return true
}

// doubt begins another Proof after a change, so that what was read before does not pass. content
// means that members may be others; otherwise the index may have been, and is right.
func (g *Guard) doubt(content bool) {
	p := g.proof.Load()
	trusted := p == nil || !p.signed && p.all.Load()
	switch {
	case trusted && !content:
		known := &Proof{guard: g}
		known.all.Store(true)
		g.proof.Store(known)
	case trusted || p.touched:
		g.beginProof(true)
	default:
		g.config.Notice(g.config.Name + changedNote)
		g.beginProof(false)
	}
}

// changedNote is the line of the log about an archive that is answered while it is checked.
const changedNote = " has changed: it is being checked"

// withdraw takes the archive off until it is opened again, and returns ErrOverwritten.
func (g *Guard) withdraw() error {
	if !g.gone.Swap(true) {
		g.config.Overwritten()
	}
	return ErrOverwritten
}
