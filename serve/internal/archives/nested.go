package archives

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/tarpack/cache"
)

// isPack reports whether path is never answered, whatever the file holds, as it belongs to a pack.
// A damaged pack still has what is hidden in it. The folder's ?list&download=tar.gz is the pack, if
// downloads are allowed.
func (v *View) isPack(path string) bool { return v.library.nest != nil && paths.IsPackName(path) }

// Hiding returns hidden with what belongs to packs, if there can be any.
func (v *View) Hiding(hidden func(string) bool) func(string) bool {
	if v.library.nest == nil {
		return hidden
	}
	return paths.WithPacks(hidden)
}

// makePack indexes or converts a pack in the background, and then serves it.
func (l *Library) makePack(spec Spec) {
	if !l.nest.Begin(spec.Mount) {
		return
	}
	l.jobs.Go(func() {
		before, a, err := l.openInTurn(spec.Path)
		full := osfile.IsFull(err)
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
		l.nest.End(spec.Mount, a, bad)
		l.reloadNested()
	})
}

// retryFull is the time after which a pack is made again that had no room.
const retryFull = 10 * time.Second

// openInTurn opens a pack after no program writes it and no other pack is being made. before is
// what the file was.
func (l *Library) openInTurn(name string) (before os.FileInfo, a *Archive, err error) {
	err = l.waitUntilWritten(l.ctx, name, 0)
	done, over := l.turn.Take(l.ctx)
	if over != nil {
		return nil, nil, over
	}
	defer done()
	before, _ = os.Stat(name)
	if err == nil {
		a, err = l.openArchive(l.ctx, name, opening{})
	}
	return before, a, err
}

// moment is how long a request waits for a pack that was just written.
const moment = 50 * time.Millisecond

// openNested opens the packs that were found. If one can't be opened, the one that it has replaced
// stays. If there is none, the pack is left out and the plain files show. A pack that has to be
// indexed or converted first is pending until then, unless it has replaced another one. changes is
// how many of the nest's changes that heeds.
func (l *Library) openNested(ctx context.Context) (
	specs []Spec, open []*Archive, pending []string, changes int64,
) {
	changes = l.nest.Changes()
	for _, pack := range l.nest.Packs() {
		spec := Spec{Path: pack.Name, Mount: pack.Dir}
		a, err := l.openPack(ctx, spec)
		if err != nil {
			a = l.held(spec.Path, errors.Is(err, guard.ErrBusy))
		}
		switch {
		case errors.Is(err, cache.ErrSlow), errors.Is(err, guard.ErrBusy):
			if a == nil || !a.outdated() { // or it is made again already
				l.makePack(spec)
			}
			if a == nil {
				pending = append(pending, spec.Mount)
			}
		case err != nil && a == nil:
			l.nest.SetBad(spec.Mount)
			l.notice("not served: " + Describe(err))
		case err != nil && !a.guard.Overwritten():
			l.notice("the archive that is served stays: " + Describe(err))
		}
		if a != nil {
			specs, open = append(specs, spec), append(open, a)
		}
	}
	return specs, open, pending, changes
}

// openPack opens a pack if that is quick.
func (l *Library) openPack(ctx context.Context, spec Spec) (*Archive, error) {
	if a := l.reuse(spec).archive; a != nil {
		return a, nil
	}
	if a := l.nest.TakeReady(spec.Mount); a != nil {
		if now, err := guard.StampOf(spec.Path); err == nil && now.Same(a.stamp) {
			return a, nil
		}
		a.release() // it was replaced meanwhile
	}
	if err := l.waitUntilWritten(ctx, spec.Path, moment); err != nil {
		return nil, err
	}
	return l.openArchive(ctx, spec.Path, opening{quick: true})
}

// maxWalk is how many files and folders findPacks looks at: about a second's work.
const maxWalk = 1_000_000

// findPacks looks for packs in the whole tree, so that those without an index are indexed before a
// request needs them.
func (l *Library) findPacks() {
	var dirs []string
	_, err := l.fallback.Walk("", maxWalk, func(path, dir string, e fs.DirEntry) (enter bool) {
		if e.Name() == paths.PackName && e.Type().IsRegular() {
			dirs = append(dirs, dir)
		}
		return e.IsDir() && !l.hidden(path+"/") && l.ctx.Err() == nil
	})
	if err != nil && l.ctx.Err() == nil {
		l.notice("looking for archives: " + Describe(err))
	}
	if len(dirs) > 0 && l.ctx.Err() == nil {
		l.discoverAll(dirs)
	}
}

// discover looks for packs in the folders on a path, and also in path itself if deep is set. It
// returns true if the Set has changed.
func (l *Library) discover(path string, deep bool) bool {
	l.look(path, deep, time.Now())
	return l.heed()
}

// discoverAll is discover for several paths, also in these themselves.
func (l *Library) discoverAll(paths []string) bool {
	now := time.Now()
	for _, path := range paths {
		l.look(path, true, now)
	}
	return l.heed()
}

// look notes which packs have come, changed or gone in the folders on a path.
func (l *Library) look(path string, deep bool, now time.Time) {
	for end := 0; end <= len(path); end++ {
		if end > 0 && end < len(path) && path[end] != '/' || end == len(path) && end > 0 && !deep {
			continue
		}
		if !l.nest.Look(path[:end], now) {
			break
		}
	}
}

// heed opens packs again if one has changed since the Set was made. If another goroutine does that
// already, it waits, since the Set gives wrong answers until then. It returns true if the Set is
// another one now.
func (l *Library) heed() bool {
	changes := l.nest.Changes()
	if l.nest.Followed() >= changes {
		return false
	}
	l.mu.Lock()
	served := l.nest.Followed()
	l.mu.Unlock()
	return served >= changes || l.reloadNested()
}

// reloadNested opens the packs that were found. It returns true if the Set has changed.
func (l *Library) reloadNested() bool {
	err := l.Reload(l.ctx)
	if err != nil { // not again at each request
		l.nest.Follow(l.nest.Changes())
	}
	if err != nil && l.ctx.Err() == nil {
		l.notice("looking for archives: " + Describe(err))
	}
	return err == nil
}
