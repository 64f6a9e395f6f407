package deploy

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
)

// Names in the directory of generations.
const (
	newDir      = "new"
	commitDir   = "commit"
	keptDir     = "kept" // becomes a generation
	currentFile = "current"
	planFile    = "plan" // in commit: the generation, and the ends of its names
)

// decide makes what is staged the generation that takes the place: from here on, finish or recover
// completes it.
func (p *place) decide(id string) error {
	lines := []string{id}
	for _, suffix := range suffixes {
		name := filepath.Join(p.in(newDir), filepath.Base(p.name)+suffix)
		if _, err := os.Lstat(name); err == nil {
			lines = append(lines, suffix) // a name may have line breaks
		}
	}
	if err := writeFile(filepath.Join(p.in(newDir), planFile),
		strings.Join(lines, "\n")); err != nil {
		return err
	}
	if err := syncDirs(p.in(newDir)); err != nil {
		return err
	}
	if err := os.Rename(p.in(newDir), p.in(commitDir)); err != nil {
		return err
	}
	return syncDirs(p.dir)
}

// undo takes a decision back, unless the new archive has its name already.
func (p *place) undo() {
	if _, err := os.Lstat(filepath.Join(p.in(commitDir), filepath.Base(p.name))); err == nil {
		_ = os.RemoveAll(p.in(commitDir))
	}
}

// errPlan is returned for a plan that decide has not written, or that was damaged since.
var errPlan = errors.New("the plan of the deployment is damaged")

// finish gives the files of the generation that was decided on their names. What belonged to the
// archive before and has no successor is removed as soon as the new archive is there.
func (p *place) finish() error {
	plan, err := os.ReadFile(filepath.Join(p.in(commitDir), planFile))
	if err != nil {
		return err
	}
	lines := strings.Split(string(plan), "\n")
	id, ends := lines[0], lines[1:]
	if timeOf(id).IsZero() || !slices.Contains(ends, "") {
		return errPlan
	}
	for i, suffix := range suffixes {
		name := p.name + suffix
		if slices.Contains(ends, suffix) {
			err = p.put(name)
		} else if err = os.Remove(name); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err != nil {
			return err
		}
		if i == 0 {
			if err := syncDirs(filepath.Dir(p.name)); err != nil {
				return err
			}
		}
	}
	if err := syncDirs(filepath.Dir(p.name)); err != nil {
		return err
	}
	if err := writeFile(p.in(currentFile), id); err != nil {
		return err
	}
	if err := syncDirs(p.dir); err != nil {
		return err
	}
	return os.RemoveAll(p.in(commitDir))
}

// put gives a file of the generation its name, unless it has it already. On Windows, a file that is
// open can only be replaced from the same directory.
func (p *place) put(name string) error {
	temp := format.TempName(name + ".deploy")
	from := filepath.Join(p.in(commitDir), filepath.Base(name))
	if err := os.Rename(from, temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := osfile.Rename(temp, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return errors.Join(err, os.Rename(temp, from))
	}
	return nil
}

// recover finishes a deployment that was decided on, and removes the remains of one that was not.
func (p *place) recover(ctx context.Context) error {
	if _, err := os.Lstat(filepath.Join(p.in(commitDir), planFile)); err == nil {
		if err := p.finish(); err != nil && !errors.Is(err, errPlan) {
			return err
		}
	}
	for _, name := range []string{newDir, keptDir, commitDir} {
		if err := os.RemoveAll(p.in(name)); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// writeFile writes a small file that a crash leaves as it was or complete.
func writeFile(name, content string) error {
	f, err := osfile.NewPending(filepath.Dir(name), ".tmp")
	if err != nil {
		return err
	}
	if _, err := f.WriteString(content); err != nil {
		return errors.Join(err, f.Cleanup())
	}
	if err := f.Replace(name); err != nil {
		return errors.Join(err, f.Cleanup())
	}
	return nil
}
