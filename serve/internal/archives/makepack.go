package archives

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/guard"
)

// isPack reports whether path is never answered, whatever the file holds, as it belongs to a pack.
// A damaged pack still has what is hidden in it. The folder's ?list&download=tar.gz is the pack, if
// downloads are allowed.
func (v *View) isPack(path string) bool { return v.library.nest != nil && paths.IsPackName(path) }

// hiding returns hidden with what belongs to packs, if there can be any.
func (v *View) hiding(hidden func(string) bool) func(string) bool {
	if v.library.nest == nil {
		return hidden
	}
	return paths.WithPacks(hidden)
}

// makePack indexes or converts a pack in the background, and then serves it.
func (l *Library) makePack(spec Spec) {
	if !l.nest.begin(spec.Mount) {
		return
	}
	l.jobs.Go(func() {
		before, a, err := l.openInTurn(spec.Path)
		full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
		if full && l.ctx.Err() == nil {
			l.notice("not served yet: " + Describe(err) + ": trying again in " + retryFull.String())
			l.sleep(retryFull)
		}
		if l.ctx.Err() != nil {
			if a != nil {
				a.release()
			}
			return
		}
		now, _ := os.Stat(spec.Path)
		bad := err != nil && !full && !errors.Is(err, guard.ErrBusy) &&
			guard.SameFile(before, now) // for good
		if bad {
			l.notice("not served: " + Describe(err))
		}
		l.nest.end(spec.Mount, a, bad)
		l.reloadNested()
	})
}

// retryFull is the time after which a pack is made again that had no room.
const retryFull = 10 * time.Second

// openInTurn opens a pack after no program writes it and no other pack is being made. before is
// what the file was.
func (l *Library) openInTurn(name string) (before os.FileInfo, a *archive, err error) {
	err = l.waitUntilWritten(l.ctx, name, 0)
	if err := l.turn.Take(l.ctx); err != nil {
		return nil, nil, err
	}
	defer l.turn.Done()
	before, _ = os.Stat(name)
	if err == nil {
		a, err = l.openArchive(l.ctx, name, opening{})
	}
	return before, a, err
}

// begin notes that a pack is being made, and returns false if it is already.
func (n *nest) begin(dir string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := n.dirs[dir]
	if d == nil || d.making {
		return false
	}
	d.making = true
	return true
}

// end notes that a pack is made: a is the open archive, or nil after an error. If it would
// fail again, the pack is bad.
func (n *nest) end(dir string, a *archive, bad bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := n.dirs[dir]
	if d == nil { // the folder is gone
		if a != nil {
			a.release()
		}
		return
	}
	if d.ready != nil {
		d.ready.release()
	}
	d.making, d.ready, d.bad = false, a, bad
}

// takeReady returns the archive that was opened when the pack of a folder was made, or nil.
func (n *nest) takeReady(dir string) *archive {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := n.dirs[dir]
	if d == nil {
		return nil
	}
	a := d.ready
	d.ready = nil
	return a
}

// close gives up what was opened and never served.
func (n *nest) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range n.dirs {
		if d.ready != nil {
			d.ready.release()
			d.ready = nil
		}
	}
}
