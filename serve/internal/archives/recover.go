package archives

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
)

const (
	// lookAgain is the time between two looks at an archive that is being written.
	lookAgain = 50 * time.Millisecond
	// lookEvery is the time between two looks at all archives. A look is a system call for each.
	lookEvery = time.Second
	// tellAfter is how long a program must have been waited for until the log has a line about it.
	// Files that were only just written take two seconds if it can't be known who writes them.
	tellAfter = 3 * time.Second
)

// errBusy means that a program is writing an archive or its index, or was until just now.
var errBusy = errors.New("it is being written")

// filesOf returns the names of the files that an archive consists of, first the archive itself.
func filesOf(name string) ([]string, error) {
	list, isSet, err := tarpack.SetList(name)
	if err != nil || !isSet {
		return []string{name, sidecarName(name)}, err
	}
	files := []string{list, list + format.SidecarSuffix}
	if set, ok := format.ParseListName(list); ok {
		for i := range set.N {
			files = append(files, set.Shard(i))
		}
	}
	return files, nil
}

// checkBusy returns errBusy if a program is writing one of an archive's files, or if a further
// change of one might not show in its Stamp. quiet makes it wait until nothing was written for a
// while, also if no program has the files open.
func checkBusy(name string, quiet bool) error {
	files, err := filesOf(name)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := checkFile(file, quiet); err != nil {
			return err
		}
	}
	return nil
}

func checkFile(name string, quiet bool) error {
	fi, err := os.Stat(name)
	if err != nil || !fi.Mode().IsRegular() {
		return nil // opening it reports the error
	}
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	written, known := changetime.Written(f)
	stamp, err := changetime.Stat(f)
	if now := time.Now(); err != nil || written || !stamp.Settled(now) ||
		(!known || quiet) && !stamp.Quiet(now) {
		return fmt.Errorf("%s: %w", name, errBusy)
	}
	return nil
}

// waitUntilWritten waits until no program writes an archive's files.
func (l *Library) waitUntilWritten(ctx context.Context, name string, limit time.Duration) error {
	for began, told := time.Now(), false; ; time.Sleep(lookAgain / 5) {
		err := checkBusy(name, false)
		if !errors.Is(err, errBusy) {
			return err
		}
		if waited := time.Since(began); limit > 0 && waited > limit {
			return fmt.Errorf("%w: it is served as soon as it is complete", err)
		} else if !told && waited > tellAfter {
			told = true
			l.notice("waiting: " + Describe(err))
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// restore opens an archive again that was written over, as soon as it is complete. It ends when the
// archive is no longer part of the Set. One that was converted is served as it was until then.
func (l *Library) restore(old *archive) {
	notice, still := " is being written over: answers are 503 until it is complete and checked",
		"still not served: "
	if old.origin != nil {
		notice, still = " has changed: it is served as it was until it is complete and converted",
			"still served as it was: "
	}
	l.notice(old.name + notice)
	var failed []changetime.Stamp
	for first := true; l.serves(old); first = false {
		if !first && !l.sleep(lookAgain) {
			return
		}
		now := stampsOf(old.name)
		if len(now) == 0 || slices.Equal(now, failed) || checkBusy(old.name, false) != nil {
			continue
		}
		a, err := l.openArchive(l.ctx, old.name, opening{doubtful: true, quick: true})
		if errors.Is(err, cache.ErrSlow) && checkBusy(old.name, true) == nil {
			a, err = l.openArchive(l.ctx, old.name, opening{doubtful: true})
		}
		switch {
		case err == nil:
			l.swap(old, a)
			return
		case l.ctx.Err() != nil:
			return
		case errors.Is(err, errBusy), errors.Is(err, format.ErrChanged),
			checkBusy(old.name, true) != nil: // more may follow
		default:
			failed = now
			l.notice(still + Describe(err))
		}
	}
}

// stampsOf returns the Stamps of an archive's files that are there.
func stampsOf(name string) []changetime.Stamp {
	files, _ := filesOf(name)
	var stamps []changetime.Stamp
	for _, file := range files {
		if fi, err := os.Stat(file); err == nil {
			stamps = append(stamps, changetime.StampOf(fi))
		}
	}
	return stamps
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
func (l *Library) serves(a *archive) bool {
	var v View
	if !l.View(&v) {
		return false
	}
	defer v.Release()
	return slices.Contains(v.set.sources, a)
}

// swap replaces the archive old of the current Set by a, and takes over the reference to a. It does
// nothing if old is not in the Set.
func (l *Library) swap(old, a *archive) {
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
// without a request for it, and so is the origin of a converted one.
func (l *Library) lookAround() {
	for l.sleep(lookEvery) {
		var v View
		if !l.View(&v) {
			continue
		}
		for _, a := range v.set.sources {
			_ = a.current()
			_ = a.outdated()
		}
		v.Release()
	}
}
