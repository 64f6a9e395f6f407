package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/signature"
)

// Errors of this package.
var (
	ErrSet          = errors.New("a shard set can't be deployed")
	ErrSameFile     = errors.New("is in its place already")
	ErrNoGeneration = errors.New("there is no such generation")
	ErrNoEarlier    = errors.New("there is no earlier generation")
	ErrNotRemoved   = errors.New("it is deployed, but can't be removed here")
	ErrNotRegular   = format.ErrNotRegular
)

// Options are the options of Deploy and Rollback. The zero value keeps no earlier generation.
type Options struct {
	// Keep is how many generations besides the current one stay after Deploy. The oldest are removed.
	Keep int
	// Trust, if set, demands that the archive that takes the place was signed: see
	// tarpack.OpenOptions.
	Trust *signature.Trust
	// Time is that of the new generation; zero: now.
	Time time.Time
}

// Result is what Deploy and Rollback have done.
type Result struct {
	Current string   // the generation that is in place now
	Former  string   // the one that was; "" if there was none
	Removed []string // generations that were removed
	Bytes   int64    // of the archive in place
}

// Deploy checks the archive named from and moves it to the name to, with everything that belongs to
// it. What is there becomes an earlier generation. Files that can't be moved, since they are on
// another file system, are copied and then removed. The new archive gets the permissions of the
// old one.
//
// The index of the new archive must be there and fit, its variants and text index must fit if they
// are there. A shard set is ErrSet. The error wraps format.ErrLocked if another process writes the
// archive, and ErrNotRemoved if the archive is in place, but files named from can't be removed.
func Deploy(ctx context.Context, from, to string, o Options) (res Result, err error) {
	p, err := lock(ctx, to)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, p.unlock()) }()
	if err := p.checkSource(from); err != nil {
		return res, err
	}
	// Once under the name that users know, and again, with the signature, what takes the place.
	if err := checkArchive(ctx, from, nil); err != nil {
		return res, err
	}
	moved, err := p.stage(ctx, from)
	if err == nil {
		err = p.check(ctx, p.in(newDir), o.Trust)
	}
	if err == nil {
		err = p.inherit()
	}
	var id string
	if err == nil {
		id, err = p.nextID(o.Time)
	}
	if err == nil {
		res, err = p.replace(ctx, id)
	}
	if err != nil {
		return res, errors.Join(err, os.RemoveAll(p.in(newDir)))
	}
	res.Removed, err = p.prune(o.Keep)
	return res, errors.Join(removeMoved(moved), err)
}

// removeMoved removes the files of the archive from their former names.
func removeMoved(names []string) error {
	for _, name := range names {
		err := os.Remove(name)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
			err = pe.Err
		}
		return fmt.Errorf("%s: %w: %w", name, ErrNotRemoved, err)
	}
	return nil
}

// Rollback puts an earlier generation of the archive in place: that of this time, or the last one
// before the current one if generation is "". The current one becomes one of the others. So a
// rollback can be taken back, by the time of the generation that Result.Former has.
func Rollback(ctx context.Context, name, generation string, o Options) (res Result, err error) {
	p, err := lock(ctx, name)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, p.unlock()) }()
	if generation == "" {
		generation, err = p.earlier()
	} else {
		err = p.exists(generation)
	}
	if err != nil {
		return res, err
	}
	if err := p.check(ctx, p.in(generation), o.Trust); err != nil {
		return res, err
	}
	if err := p.link(ctx, p.in(generation), p.in(newDir)); err != nil {
		return res, errors.Join(err, os.RemoveAll(p.in(newDir)))
	}
	if res, err = p.replace(ctx, generation); err != nil {
		return res, errors.Join(err, os.RemoveAll(p.in(newDir)))
	}
	return res, os.RemoveAll(p.in(generation)) // it is the current one now
}

// replace keeps the current generation and puts what is staged in place.
func (p *place) replace(ctx context.Context, id string) (res Result, err error) {
	if res.Former, err = p.keepCurrent(ctx); err != nil {
		return res, err
	}
	if err := ctx.Err(); err != nil {
		return res, context.Cause(ctx)
	}
	if err = p.decide(id); err == nil {
		err = p.finish()
	}
	if err != nil {
		p.undo()
		return res, err
	}
	res.Current = id
	fi, err := os.Stat(p.name)
	if err == nil {
		res.Bytes = fi.Size()
	}
	return res, err
}

// place is an archive whose lock is held.
type place struct {
	name string // with symbolic links resolved
	dir  string // of the generations
	lock *os.File
	temp *os.File
}

// lock takes the lock of the writers of an archive, and finishes what was interrupted.
func lock(ctx context.Context, name string) (*place, error) {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	fi, err := os.Stat(name)
	switch {
	case err == nil && !fi.Mode().IsRegular():
		return nil, fmt.Errorf("%s: %w", name, ErrNotRegular)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if err := refuseSet(name); err != nil {
		return nil, err
	}
	p := &place{name: name, dir: generationsOf(name)}
	if p.temp, p.lock, err = durable.LockedTemp(name); err != nil {
		return nil, err
	}
	if err := p.recover(ctx); err != nil {
		return nil, errors.Join(err, p.unlock())
	}
	return p, nil
}

// unlock releases the lock. A note in the locked file stays (FORMAT.md 1.5).
func (p *place) unlock() error {
	var removed error
	if fi, err := p.temp.Stat(); err == nil && fi.Size() == 0 {
		removed = os.Remove(p.temp.Name())
	}
	if fi, err := os.Lstat(p.dir); err == nil && fi.IsDir() {
		_ = os.Remove(p.dir) // unless there is something in it
	}
	return errors.Join(removed, p.temp.Close(), p.lock.Close())
}

// in returns the name of something in the directory of generations.
func (p *place) in(name string) string { return filepath.Join(p.dir, name) }

// syncDirs makes names durable.
func syncDirs(names ...string) error {
	for _, name := range names {
		if err := osfile.SyncDir(name); err != nil {
			return err
		}
	}
	return nil
}
