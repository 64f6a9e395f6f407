package archives

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
)

const (
	// lookAgain is the time between two looks at an archive that is being written.
	lookAgain = 50 * time.Millisecond
	// lookEvery is the time between two looks at all archives. A look is a system call for each.
	lookEvery = time.Second
)

// waitUntilWritten waits until no program writes an archive's files.
func (l *Library) waitUntilWritten(ctx context.Context, name string, limit time.Duration) error {
	return guard.WaitUntilWritten(ctx, name, limit,
		func(err error) { l.notice("waiting: " + Describe(err)) })
}

// restore opens an archive again that was written over, as soon as it is complete. It ends when the
// archive is no longer part of the Set. One that was converted is served as it was until then.
func (l *Library) restore(old *Archive) {
	notice, still := " is being written over: answers are 503 until it is complete and checked",
		"still not served: "
	if old.origin != nil {
		notice, still = " has changed: it is served as it was until it is complete and converted",
			"still served as it was: "
	}
	l.notice(old.Name + notice)
	var failed []changetime.Stamp
	for first := true; l.serves(old); first = false {
		if !first && !l.sleep(lookAgain) {
			return
		}
		now := guard.Stamps(old.Name)
		if len(now) == 0 || slices.Equal(now, failed) || guard.CheckBusy(old.Name, false) != nil {
			continue
		}
		a, err := l.openArchive(l.ctx, old.Name, opening{doubtful: true, quick: true})
		if errors.Is(err, cache.ErrSlow) && guard.CheckBusy(old.Name, true) == nil {
			a, err = l.openArchive(l.ctx, old.Name, opening{doubtful: true})
		}
		switch {
		case err == nil:
			l.swap(old, a)
			return
		case l.ctx.Err() != nil:
			return
		case errors.Is(err, guard.ErrBusy), errors.Is(err, format.ErrChanged),
			guard.CheckBusy(old.Name, true) != nil: // more may follow
		default:
			failed = now
			l.notice(still + Describe(err))
		}
	}
}

// sleep returns false if the Library is closed before the time is over.
func (l *Library) sleep(d time.Duration) bool {
	select {
	case <-l.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// serves reports whether an archive is in the current Set.
func (l *Library) serves(a *Archive) bool {
	var v View
	if !l.View(&v) {
		return false
	}
	defer v.Release()
	return slices.Contains(v.set.sources, a)
}

// swap replaces the archive old of the current Set by a, and takes over the reference to a. It does
// nothing if old is not in the Set.
func (l *Library) swap(old, a *Archive) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer a.release()
	s := l.current.Load()
	if s == nil || l.closed {
		return
	}
	found := false
	p := s.parts
	p.backings = slices.Clone(p.backings)
	for i, b := range p.backings {
		if b.archive == old {
			p.backings[i].archive, found = a, true
		}
	}
	if !found {
		return
	}
	for _, b := range p.backings {
		b.retain()
	}
	if p.fallback != nil {
		p.fallback.Retain()
	}
	l.current.Store(newSet(p))
	s.release()
}

// lookAround looks at all archives from time to time, so that one that was written over is found
// without a request for it, and so are the origin of a converted one and a new variants file.
func (l *Library) lookAround() {
	for l.sleep(lookEvery) {
		var v View
		if !l.View(&v) {
			continue
		}
		for _, a := range v.set.sources {
			_ = a.guard.Current()
			_ = a.outdated()
			a.lookAtVariants()
		}
		v.Release()
	}
}

// outdated reports whether the archive was converted from a file that has changed since. The first
// time, it begins to convert it again. A file that lost its name to another one has not changed:
// that is for Stale and Reload, as with other archives.
func (a *Archive) outdated() bool {
	if a.origin == nil {
		return false
	}
	changed, first := a.origin.Changed()
	if first {
		a.library.begin(func() { a.library.restore(a) })
	}
	return changed
}

// overwritten takes the archive off until it can be opened again.
func (a *Archive) overwritten() {
	if a.shared {
		a.library.notice(a.Name + " was written over: answers are 503 until it is opened again")
		return
	}
	a.library.begin(func() { a.library.restore(a) })
}
