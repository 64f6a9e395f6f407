package archives

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/tarpack/source"
)

// An open archive can be written over: by cp, scp, rsync --inplace, or curl -o. Then its index
// leads to bytes of another generation. So each answer is checked after its last byte was read, and
// before the last byte is sent: see View.Check. A write changes the time of the last change before
// it changes any byte, so no check is passed by bytes of a later generation.

// guard is a file of an archive and what it was like when it was opened.
type guard struct {
	file  *os.File
	stamp atomic.Pointer[changetime.Stamp]
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

// guardFile begins to watch a file that has the stamp at the beginning.
func (a *archive) guardFile(f *os.File, stamp changetime.Stamp) {
	g := &guard{file: f}
	g.stamp.Store(&stamp)
	a.guards = append(a.guards, g)
}

// check returns an error if the archive may have changed since proof was its proof. For a set it
// looks at the shards that have the bytes from off to end.
func (a *archive) check(proof *proof, off, end int64) error {
	if a.gone.Load() {
		return ErrOverwritten
	}
	for _, g := range a.guards {
		now, err := changetime.Stat(g.file)
		if err != nil {
			return fmt.Errorf("%w: %w", source.ErrUnavailable, err)
		}
		if now != *g.stamp.Load() {
			if err := a.changed(g, now); err != nil {
				return err
			}
		}
	}
	if a.set != nil && end > off {
		if err := a.checkSet(off, end); err != nil {
			return err
		}
	}
	if a.proof.Load() != proof {
		return ErrDoubtful
	}
	return nil
}

// checkSet is check for the shards of a set.
func (a *archive) checkSet(off, end int64) error {
	err := a.set.Unchanged(off, end-off)
	if !errors.Is(err, source.ErrChanged) {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch err = a.set.Unchanged(off, end-off); {
	case err == nil:
		return ErrDoubtful
	case !errors.Is(err, source.ErrTouched):
		return a.withdraw()
	}
	a.library.notice(a.name + changedNote)
	a.beginProof() // before the stamp, so that no answer passes without it
	a.set.Accept()
	return ErrDoubtful
}

// changed decides what a change of a file means. If only the time of the last change differs,
// attributes have changed or the file has another name, or a program has written to it and then set
// the modification time back. So each member is compared with the index before it is used again.
func (a *archive) changed(g *guard, now changetime.Stamp) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := *g.stamp.Load()
	switch {
	case was == now: // another answer was faster, and the proof has changed
		return nil
	case was.SameContent(now):
		g.stamp.Store(&now)
		return nil
	case !was.OnlyAttributes(now) || a.file != g.file:
		return a.withdraw()
	}
	a.library.notice(a.name + changedNote)
	a.beginProof() // before the stamp, so that no answer passes without it
	g.stamp.Store(&now)
	return ErrDoubtful
}

// changedNote is the line of the log about an archive that is answered while it is checked.
const changedNote = " has changed: it is being checked"

// withdraw takes the archive off until it can be opened again, and returns ErrOverwritten.
func (a *archive) withdraw() error {
	if a.gone.Swap(true) {
		return ErrOverwritten
	}
	if a.shared {
		a.library.notice(a.name + " was written over: answers are 503 until it is opened again")
	} else {
		a.library.begin(func() { a.library.restore(a) })
	}
	return ErrOverwritten
}

// touch notes that an answer depends on an archive, and returns it. It fails if the archive is
// being written over.
func (v *View) touch(source int) (*archive, error) {
	a := v.set.sources[source]
	if v.noted(source) == nil {
		v.touched = append(v.touched, touched{source: source, proof: a.proof.Load()})
	}
	return a, a.usable()
}

// forget undoes touch: the answer depends on no archive any more.
func (v *View) forget() {
	clear(v.touched)
	v.touched = v.touched[:0]
}

// noted returns what touch has noted of an archive, until the next touch; or nil.
func (v *View) noted(source int) *touched {
	for i := range v.touched {
		if v.touched[i].source == source {
			return &v.touched[i]
		}
	}
	return nil
}

func (a *archive) usable() error {
	if a.gone.Load() {
		return a.wrap(ErrOverwritten)
	}
	return nil
}

// touched is an archive on which an answer depends.
type touched struct {
	source   int
	proof    *proof // the archive's when the request came
	off, end int64  // what of it is sent, or has an ETag that is sent
}

// touchBytes notes which bytes of an archive, which was touched before, an answer depends on.
func (v *View) touchBytes(source int, off, n int64) {
	t := v.noted(source)
	if t.end == 0 {
		t.off, t.end = off, off+n
	}
	t.off, t.end = min(t.off, off), max(t.end, off+n)
}

// Check returns an error that wraps source.ErrChanged if something that the View has looked up or
// read may have been another generation's. It must be called after the last byte of an answer was
// read, and before that byte is sent.
func (v *View) Check() error {
	for i := range v.touched {
		t := &v.touched[i]
		if a := v.set.sources[t.source]; len(a.guards) > 0 || a.set != nil {
			if err := a.check(t.proof, t.off, t.end); err != nil {
				return a.wrap(err)
			}
		}
	}
	for i, f := range v.plain {
		if now, err := changetime.Stat(f); err != nil || !v.plainStamps[i].SameContent(now) {
			return fmt.Errorf("%s: %w", f.Name(), source.ErrChanged)
		}
	}
	return nil
}
