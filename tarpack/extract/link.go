package extract

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// symlink makes a symbolic link. Whatever it points to, nothing is written through it: files are made where there is
// nothing of their name, and directories entered only if they are none.
func (w *extractWorker) symlink(d *targetDir, j *job) error {
	text, err := w.x.a.Index().Link(j.i)
	if err != nil {
		return err
	}
	if err := d.exclusively(j.name, func() error { return d.root.Symlink(text, j.name) }, nil); err != nil {
		return err
	}
	return d.setTimeOf(j.name, j.entry.ModTime)
}

// hardlink makes what becomes of a hard link.
func (w *extractWorker) hardlink(ctx context.Context, b *batch, k int) error {
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
		// Its place is cleared now. What is there in the pass that makes it was made in this run.
		return d.clear(j.name)
	case missing:
	case mode == linkHard:
		if done, err := w.link(d, j, target); done || err != nil {
			return err
		}
	case e.Size >= cloneSize:
		if done, err := w.clone(d, j, target, e.Size); done || err != nil {
			return err
		}
	}
	return w.file(ctx, b, k, target, &e)
}

// cloneSize is the size from which on sharing blocks is worth the calls: below, there is hardly a block to share.
const cloneSize = 4 << 10

// clear removes what is in the way of an entry that is made in another pass.
func (d *targetDir) clear(name string) error {
	if d.createdHere {
		return errLater
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	there, err := d.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return errLater
	}
	if err == nil && !d.made[durable.InodeOf(there)] {
		err = d.root.Remove(name)
	}
	if err != nil {
		return err
	}
	return errLater
}

// link makes a hard link to a file that was extracted. It is not done when the file system cannot make it.
func (w *extractWorker) link(d *targetDir, j *job, target int) (done bool, err error) {
	path, err := w.x.a.Index().Path(target)
	if err != nil {
		return false, err
	}
	err = w.x.root.Link(path, joinPath(d.path, j.name))
	for _, e := range []error{syscall.EPERM, syscall.EMLINK, syscall.EXDEV, syscall.EOPNOTSUPP, syscall.ENOSYS, fs.ErrNotExist} {
		if errors.Is(err, e) {
			return false, nil
		}
	}
	if errors.Is(err, fs.ErrExist) {
		err = d.collision(j.name)
	}
	return err == nil, err
}

// clone makes a file that shares the blocks of one that was extracted. It is not done when the file system cannot do that.
func (w *extractWorker) clone(d *targetDir, j *job, target int, size int64) (done bool, err error) {
	path, err := w.x.a.Index().Path(target)
	if err != nil {
		return false, err
	}
	src, err := w.x.root.OpenFile(path, os.O_RDONLY|durable.OpenNonblock, 0)
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

// errNoClone: the file system cannot let two files share their blocks, or not these.
var errNoClone = errors.New("cannot clone")
