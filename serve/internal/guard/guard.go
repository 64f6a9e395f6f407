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
}

// file is a file of an archive and what it was like when it was opened.
type file struct {
	*os.File
	stamp atomic.Pointer[changetime.Stamp]
	index bool
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
func New(c Config) *Guard { return &Guard{config: c} }

// WatchFile begins to watch the archive's file, which has the stamp at the beginning.
func (g *Guard) WatchFile(f *os.File, stamp changetime.Stamp) { g.watch(f, stamp, false) }

// WatchIndex is WatchFile for a file that the index is read from. After any change the archive must
// be opened again.
func (g *Guard) WatchIndex(f *os.File, stamp changetime.Stamp) { g.watch(f, stamp, true) }

func (g *Guard) watch(f *os.File, stamp changetime.Stamp, index bool) {
	w := &file{File: f, index: index}
	w.stamp.Store(&stamp)
	g.files = append(g.files, w)
}

// WatchSet begins to watch the shards of a set.
func (g *Guard) WatchSet(set source.Overwritable) { g.set = set }

// Accept returns ErrBusy if a file has changed since it had its stamp, or if a further change might
// not show.
func (g *Guard) Accept() error {
	for _, f := range g.files {
		now, err := changetime.Stat(f.File)
		if err != nil || !f.stamp.Load().SameContent(now) || !now.Settled(time.Now()) {
			return errors.Join(fmt.Errorf("%s: %w", g.config.Name, ErrBusy), err)
		}
		f.stamp.Store(&now)
	}
	return nil
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
// at the shards that have the bytes from off to end.
func (g *Guard) Check(p *Proof, off, end int64) error {
	if g.gone.Load() {
		return ErrOverwritten
	}
	for _, f := range g.files {
		now, err := changetime.Stat(f.File)
		if err != nil {
			return fmt.Errorf("%w: %w", source.ErrUnavailable, err)
		}
		if now != *f.stamp.Load() {
			if err := g.changed(f, now); err != nil {
				return err
			}
		}
	}
	if g.set != nil && end > off {
		if err := g.checkSet(off, end); err != nil {
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
		return g.Check(p, off, end)
	case g.gone.Load():
		return ErrOverwritten
	case g.proof.Load() != p:
		return ErrDoubtful
	}
	return nil
}

// checkSet is Check for the shards of a set.
func (g *Guard) checkSet(off, end int64) error {
	err := g.set.Unchanged(off, end-off)
	if !errors.Is(err, source.ErrChanged) {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch err = g.set.Unchanged(off, end-off); {
	case err == nil:
		return ErrDoubtful
	case !errors.Is(err, source.ErrTouched):
		return g.withdraw()
	}
	g.config.Notice(g.config.Name + changedNote)
	g.BeginProof() // before the stamp, so that no answer passes without it
	g.set.Accept()
	return ErrDoubtful
}

// changed decides what a change of a file means. If only the time of the last change differs,
// attributes have changed or the file was renamed, or a program has written to it and then set the
// modification time back. So each member is compared with the index before it is used again. If the
// file has lost or got a name as well, that is the reason, unless the archive must be signed.
func (g *Guard) changed(f *file, now changetime.Stamp) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	was, signed := *f.stamp.Load(), g.proof.Load().Signed()
	switch {
	case was == now: // another answer was faster, and the proof has changed
		return nil
	case was.SameContent(now) && !signed:
		f.stamp.Store(&now)
		return nil
	case !was.OnlyAttributes(now), f.index && !was.SameContent(now), !g.hasIndex(f, now):
		return g.withdraw()
	case f.index: // an archive that has it in itself is watched as an archive, too
		f.stamp.Store(&now)
		return nil
	}
	g.config.Notice(g.config.Name + changedNote)
	g.BeginProof() // before the stamp, so that no answer passes without it
	f.stamp.Store(&now)
	return ErrDoubtful
}

// hasIndex reports whether the index of an archive that must be signed, as far as it lies in f, is
// what was signed. A change after f had the stamp now may not be heeded, but it shows.
func (g *Guard) hasIndex(f *file, now changetime.Stamp) bool {
	a := g.config.Archive
	if a.Signed() == nil || !f.index && !a.IndexEmbedded() {
		return true
	}
	for !now.Settled(time.Now()) {
		time.Sleep(time.Millisecond)
	}
	return a.CheckIndex() == nil
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
