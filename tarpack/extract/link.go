package extract

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
)

// symlink creates a symbolic link. Its target need not be checked, because nothing is written
// through it. Files are created only under unused names, and a link is never entered as a
// directory.
func (w *worker) symlink(d *targetDir, j *job) error {
	text, err := w.x.a.Index().Link(j.ordinal)
	if err != nil {
		return err
	}
	create := func() error { return symlinkError(d.root.Symlink(text, j.name)) }
	if err := d.exclusively(j.name, create, nil); err != nil {
		return err
	}
	owned := w.owners.setOwner(j.ordinal, &j.entry, d.lchown(j.name))
	if err := d.setTimeOf(j.name, j.entry.ModTime); err != nil {
		return err
	}
	return owned
}

// hardlink extracts a hard link as a link, a clone or a copy of its target.
func (w *worker) hardlink(ctx context.Context, b *batch, k int) error {
	d, j := b.dir, &b.jobs[k]
	target := int(j.entry.Target)
	e, err := w.x.a.Index().Entry(target)
	if err != nil {
		return err
	}
	_, missing := w.x.failed.Load(target)
	missing = missing || !w.x.selected(target)
	mode := w.x.linkMode(&j.entry)
	switch {
	case mode == linkCopy:
	case !b.links:
		// Clear its place in this pass, so that everything found there later was created by us.
		if err := d.clearForLater(j.name); err != nil {
			return err
		}
		return errLater
	case missing && mode == linkHard:
		return w.standIn(ctx, b, k, target, &e)
	case missing:
	case mode == linkHard:
		path, err := w.x.a.Index().Path(target)
		if err != nil {
			return err
		}
		if done, err := w.link(d, j, w.x.strip(path)); done || err != nil {
			return err
		}
	case e.Size >= cloneSize:
		if done, err := w.clone(d, j, target, e.Size); done || err != nil {
			return err
		}
	}
	return w.file(ctx, b, k, target, &e)
}

// cloneSize is the smallest file that is cloned. A smaller one has hardly a block to share.
const cloneSize = 4 << 10

// clearForLater removes what has the name of an entry that a later pass creates, unless this run
// created it.
func (d *targetDir) clearForLater(name string) error {
	if d.createdHere {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	there, err := d.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if ours, err := d.hasCreated(name, there); ours || err != nil {
		return err
	}
	if d.keepOld {
		return fs.ErrExist
	}
	return d.remove(name)
}

// standIn extracts a hard link without its target. The first one becomes the file, and further ones
// become links to that.
func (w *worker) standIn(ctx context.Context, b *batch, k, target int, e *sidecar.Entry) error {
	d, j := b.dir, &b.jobs[k]
	w.x.standInsMu.Lock()
	defer w.x.standInsMu.Unlock()
	if path, ok := w.x.standIns[target]; ok {
		if done, err := w.link(d, j, path); done || err != nil {
			return err
		}
	}
	err := w.file(ctx, b, k, target, e)
	if err == nil || isExtracted(err) {
		w.x.standIns[target] = joinPath(d.path, j.name)
	}
	return err
}

// link creates a hard link to the file that was extracted to path below the target. It returns
// false if the file system does not support that.
func (w *worker) link(d *targetDir, j *job, path string) (done bool, err error) {
	err = w.x.root.Link(path, joinPath(d.path, j.name))
	for _, e := range []syscall.Errno{
		syscall.EPERM, syscall.EMLINK, syscall.EXDEV, syscall.EOPNOTSUPP, syscall.ENOSYS,
	} {
		if osfile.Is(err, e) {
			return false, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if errors.Is(err, fs.ErrExist) {
		err = d.collision(j.name)
	}
	return err == nil, err
}

// clone creates a file that shares its blocks with an extracted one. It returns false if the file
// system does not support that.
func (w *worker) clone(d *targetDir, j *job, target int, size int64) (done bool, err error) {
	path, err := w.x.a.Index().Path(target)
	if err != nil {
		return false, err
	}
	path = w.x.strip(path)
	src, err := w.x.root.OpenFile(path, os.O_RDONLY|osfile.Nonblock, 0)
	if err != nil {
		return false, nil
	}
	defer src.Close()
	if fi, err := src.Stat(); err != nil || !fi.Mode().IsRegular() || fi.Size() != size {
		return false, nil
	}
	err = w.write(d, j, func(f *os.File) error { return cloneFile(f, src) })
	if errors.Is(err, errNoClone) {
		return false, nil
	}
	return true, err
}

// errNoClone: the file system cannot share the blocks of two files, or not of these.
var errNoClone = errors.New("cannot clone")
