package archives

import (
	"os"

	"github.com/tarpack/tpk/serve/internal/guard"
)

// isOf reports whether a was opened for a Spec.
func (a *Archive) isOf(spec Spec) bool {
	if spec.Opened != nil {
		return a.tar == spec.Opened
	}
	return !a.shared && a.Name == spec.Path && a.remote == (spec.Open != nil)
}

// reuse returns an open archive whose files are still those of its name, with a reference more, or
// nothing. The lock is held, so the set that has the archive stays.
func (l *Library) reuse(spec Spec) backing {
	s := l.current.Load()
	if s == nil {
		return backing{}
	}
	for i, a := range s.current() {
		if a.isOf(spec) && a.isCurrent(spec) {
			a.lookAtVariants()
			a.refs.Add(1)
			return backing{archive: a, older: s.older[i].retain()}
		}
	}
	return backing{}
}

// isCurrent reports whether an archive that was opened for a Spec need not be opened again.
func (a *Archive) isCurrent(spec Spec) bool {
	switch {
	case spec.Opened != nil:
		return true
	case a.guard.Current() != nil:
		return false
	case a.remote:
		return !a.replaced()
	}
	now, err := guard.StampOf(a.Name)
	return err == nil && now.Same(a.stamp)
}

// held returns an open archive whose file was replaced by another one, with a reference more, or
// nil. Its own file is unchanged for those that have it open, and so is a converted archive. One
// that was written over is found only if busy is set: it is answered with 503 until it is complete.
// The lock is held.
func (l *Library) held(name string, busy bool) *Archive {
	s := l.current.Load()
	now, err := os.Stat(name)
	if s == nil || err != nil {
		return nil
	}
	for _, a := range s.sources {
		if a.remote {
			continue
		}
		kept := busy
		if !a.guard.Overwritten() {
			kept = a.origin != nil || !os.SameFile(now, a.stamp.Archive)
		}
		if kept && !a.shared && a.Name == name {
			a.refs.Add(1)
			return a
		}
	}
	return nil
}
