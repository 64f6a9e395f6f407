package archives

import (
	"context"
	"os"

	"github.com/tarpack/tpk/serve/internal/guard"
)

// Reload opens archives again whose files have changed. One that can't be opened is served as
// before, and the error names it; the others are replaced.
func (l *Library) Reload(ctx context.Context) error {
	return l.change(ctx, func(s []Spec) ([]Spec, error) { return s, nil }, true)
}

// present returns what is served for a Spec, with a reference more. That is nothing as long as its
// file is waited for. The lock is held.
func (l *Library) present(spec Spec) backing {
	s := l.current.Load()
	if s == nil {
		return backing{}
	}
	if spec.Live {
		b, _ := l.openLive(spec)
		return b
	}
	for i, a := range s.current() {
		if a.isOf(spec) {
			a.refs.Add(1)
			return backing{archive: a, older: s.older[i].retain()}
		}
	}
	for _, d := range s.dirs {
		if d.path == spec.Path && d.mount == spec.Mount && !d.followed {
			d.Retain()
			return backing{dir: d}
		}
	}
	return backing{}
}

// Stale returns the names of archives and directories that have changed since they were opened, or
// that were waited for and are there now.
func (l *Library) Stale() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.current.Load()
	if s == nil {
		return nil
	}
	var names []string
	for _, a := range s.current() {
		if a.shared || a.remote || a.guard.Current() != nil || a.outdated() {
			continue // or it is opened again as soon as it is complete
		}
		if now, err := guard.StampOf(a.Name); err != nil || !now.Same(a.stamp) {
			names = append(names, a.Name)
		}
	}
	for _, d := range s.dirs {
		if !d.followed && !d.current() {
			names = append(names, d.path)
		}
	}
	for _, spec := range s.waiting {
		if _, err := os.Stat(spec.Path); err == nil && !spec.Live {
			names = append(names, spec.Path)
		}
	}
	return names
}
