package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tarpack/tpk/internal/order"
)

// layout is the form of a generation's name, in UTC. Such names are sorted by time.
const layout = "20060102T150405.000Z"

// Generation is an archive that is or was in place.
type Generation struct {
	Name    string    // its time, as Rollback takes it
	Time    time.Time // of its deployment, or of the archive if it was not deployed
	Bytes   int64     // of the archive
	Current bool      // it is in place
}

// generationsOf returns the directory of the generations of an archive.
func generationsOf(name string) string {
	dir, base := filepath.Split(name)
	return filepath.Join(dir, "."+base+".generations")
}

// List returns the generations of an archive, the newest first.
func List(name string) ([]Generation, error) {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	p := &place{name: name, dir: generationsOf(name)}
	names, err := p.kept()
	if err != nil {
		return nil, err
	}
	var all []Generation
	for _, id := range names {
		g := Generation{Name: id, Time: timeOf(id)}
		if fi, err := os.Stat(filepath.Join(p.in(id), filepath.Base(name))); err == nil {
			g.Bytes = fi.Size()
		}
		all = append(all, g)
	}
	id, err := p.current()
	if err != nil && (len(all) == 0 || !errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	if err == nil {
		g := Generation{Name: id, Time: timeOf(id), Current: true}
		if fi, err := os.Stat(name); err == nil {
			g.Bytes = fi.Size()
		}
		all = append(all, g)
	}
	order.Sort(all, func(a, b Generation) int { return b.Time.Compare(a.Time) })
	return all, nil
}

// timeOf returns the time of a generation, or the zero time.
func timeOf(id string) time.Time {
	t, err := time.Parse(layout, id)
	if err != nil {
		return time.Time{}
	}
	return t
}

// kept returns the generations that are not in place, the oldest first.
func (p *place) kept() (names []string, err error) {
	entries, err := os.ReadDir(p.dir) // sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() && !timeOf(e.Name()).IsZero() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// current returns the generation that is in place. One that was put there by other means has the
// time of its file. The error wraps fs.ErrNotExist if there is no archive.
func (p *place) current() (string, error) {
	fi, err := os.Stat(p.name)
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(p.in(currentFile))
	if err == nil && !timeOf(string(b)).IsZero() {
		return string(b), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return fi.ModTime().UTC().Format(layout), nil
}

// nextID returns a name for a new generation, which is later than all others.
func (p *place) nextID(t time.Time) (string, error) {
	if t.IsZero() {
		t = time.Now()
	}
	names, err := p.kept()
	if err != nil {
		return "", err
	}
	if id, err := p.current(); err == nil {
		names = append(names, id)
	}
	for _, id := range names {
		if last := timeOf(id); !t.Truncate(time.Millisecond).After(last) {
			t = last.Add(time.Millisecond)
		}
	}
	return t.UTC().Format(layout), nil
}

// earlier returns the last generation before the current one.
func (p *place) earlier() (string, error) {
	now, err := p.current()
	if err != nil {
		return "", err
	}
	names, err := p.kept()
	if err != nil {
		return "", err
	}
	for _, id := range slices.Backward(names) {
		if id < now {
			return id, nil
		}
	}
	return "", fmt.Errorf("%s: %w", p.name, ErrNoEarlier)
}

// exists returns an error unless a generation is kept.
func (p *place) exists(id string) error {
	names, err := p.kept()
	if err == nil && !slices.Contains(names, id) {
		err = fmt.Errorf("%s: %w: %q", p.name, ErrNoGeneration, id)
	}
	return err
}

// makeDir makes a directory among the generations.
func (p *place) makeDir(name string) error {
	if err := os.Mkdir(p.dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Mkdir(p.in(name), 0o755)
}

// keepCurrent keeps the current generation under its name, and returns that: "" if there is none.
func (p *place) keepCurrent(ctx context.Context) (id string, err error) {
	id, err = p.current()
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if err = p.link(ctx, filepath.Dir(p.name), p.in(keptDir)); err == nil {
		err = os.RemoveAll(p.in(id)) // left by a rollback that was interrupted
	}
	if err == nil {
		err = os.Rename(p.in(keptDir), p.in(id))
	}
	if err == nil {
		err = syncDirs(p.dir)
	}
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(p.in(keptDir)))
	}
	return id, nil
}

// prune removes the oldest generations but keep.
func (p *place) prune(keep int) (removed []string, err error) {
	names, err := p.kept()
	if err != nil {
		return nil, err
	}
	for _, id := range names[:max(0, len(names)-keep)] {
		if err := os.RemoveAll(p.in(id)); err != nil {
			return removed, err
		}
		removed = append(removed, id)
	}
	return removed, nil
}
