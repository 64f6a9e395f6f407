package tarpack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

var (
	// ErrLocked means that another process is writing the archive.
	ErrLocked = errors.New("is being written by another process")
	// ErrNotRegular means that only a regular file can be replaced.
	ErrNotRegular = errors.New("exists and is not a regular file")
)

// SidecarSuffix is what a sidecar's name adds to its archive's.
const SidecarSuffix = ".tpi"

// An output is an archive and its sidecar while they are written: two temporary files beside the place
// where they will stand. Nothing is seen there until commit, which leaves both or the old ones.
//
// The temporary names are fixed, and the archive's carries a lock: so a second writer is refused, and
// what a killed one has left is taken over by the next.
type output struct {
	name    string
	archive *os.File
	sidecar *os.File
	lock    *os.File
}

// createOutput takes the lock for writing the archive name and creates its temporary files.
// It returns ErrLocked when somebody else is writing it.
func createOutput(name string) (*output, error) {
	// The rename must replace what a symbolic link points to, not the link.
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	old, err := os.Stat(name)
	if err == nil && !old.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, ErrNotRegular)
	}
	if fi, err := os.Lstat(name + SidecarSuffix); err == nil && fi.IsDir() {
		return nil, fmt.Errorf("%s%s: %w", name, SidecarSuffix, ErrNotRegular)
	}
	o := &output{name: name}
	if o.archive, o.lock, err = lockedTemp(name); err != nil {
		return nil, err
	}
	if o.sidecar, err = openTemp(tempName(name + SidecarSuffix)); err != nil {
		return nil, errors.Join(err, o.abort())
	}
	for _, f := range []*os.File{o.archive, o.sidecar} {
		if err := f.Truncate(0); err != nil {
			return nil, errors.Join(err, o.abort())
		}
	}
	if old != nil {
		if err := o.inheritFrom(old); err != nil {
			return nil, errors.Join(err, o.abort())
		}
	}
	return o, nil
}

// inherit gives the new files the permissions of an archive that they are made of, and its owner where that is possible.
func (o *output) inherit(old *os.File) error {
	fi, err := old.Stat()
	if err != nil {
		return err
	}
	return o.inheritFrom(fi)
}

// inheritFrom is inherit, for an archive that they replace as well.
func (o *output) inheritFrom(fi os.FileInfo) error {
	for _, f := range []*os.File{o.archive, o.sidecar} {
		if err := f.Chmod(fi.Mode().Perm()); err != nil {
			return err
		}
		if is, err := f.Stat(); err == nil && (statOf(is).uid != statOf(fi).uid || statOf(is).gid != statOf(fi).gid) {
			_ = f.Chown(statOf(fi).uid, statOf(fi).gid) // only root can
		}
	}
	return nil
}

// tempName is where the new content of name is written.
func tempName(name string) string {
	dir, base := filepath.Split(name)
	return filepath.Join(dir, "."+base+tempSuffix)
}

const tempSuffix = ".tpk-tmp"

func isTempName(base string) bool { return strings.HasSuffix(base, tempSuffix) }

// openTemp opens or makes a temporary file. It does not truncate: until the lock is known to be ours, the file may be another writer's. What
// stands there and is no file of this user's alone (a link, a pipe, somebody else's) is removed, never written to: the name is known
// to all, and whoever may write to the directory could have put it there.
func openTemp(name string) (*os.File, error) {
	for {
		f, err := openOwn(name)
		if err != nil {
			return nil, err
		}
		fi, err := f.Stat()
		if err == nil && statOf(fi).uid == os.Geteuid() {
			return f, nil
		}
		if err := errors.Join(err, f.Close(), os.Remove(name)); err != nil {
			return nil, err
		}
	}
}

// openOwn is openTemp for a file whoever's, which must not be written to.
func openOwn(name string) (*os.File, error) {
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|openNonblock, 0o666)
		if err == nil {
			fi, err := f.Stat()
			if err == nil && fi.Mode().IsRegular() && statOf(fi).nlink < 2 {
				return f, nil
			}
			if err := errors.Join(err, f.Close()); err != nil {
				return nil, err
			}
		} else if fi, err2 := os.Lstat(name); err2 != nil || fi.Mode().IsRegular() {
			if errors.Is(err2, fs.ErrNotExist) && errors.Is(err, syscall.ELOOP) {
				continue // it was there a moment ago
			}
			return nil, err
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

// lockedTemp opens the temporary file of name and locks it, through a descriptor of its own: so the file can be closed, and a late
// error of closing seen, before the lock goes. The holder of a lock renames or removes the file before it
// lets go, so after locking the name must still be that of the locked file; else we try again.
func lockedTemp(name string) (f, lock *os.File, err error) {
	temp := tempName(name)
	for {
		if lock, err = openOwn(temp); err != nil {
			return nil, nil, err
		}
		if err = lockFile(lock); err != nil {
			lock.Close()
			return nil, nil, fmt.Errorf("%s: %w", name, err) // the temporary name says nothing to anybody
		}
		// Another user's that nobody writes is left over, and goes.
		if f, err = openTemp(temp); err != nil {
			lock.Close()
			return nil, nil, err
		}
		locked, err1 := lock.Stat()
		opened, err2 := f.Stat()
		if err1 == nil && err2 == nil && os.SameFile(locked, opened) {
			return f, lock, nil
		}
		if err := errors.Join(err1, err2, f.Close(), lock.Close()); err != nil {
			return nil, nil, err
		}
	}
}

// commit makes both files durable and puts them in their places, the archive first: a crash in between
// leaves a sidecar that does not match, which every reader notices. After an error nothing of the new
// files is left, unless the archive had already been put in its place.
func (o *output) commit() error {
	for _, f := range []*os.File{o.archive, o.sidecar} {
		if err := f.Sync(); err != nil {
			return errors.Join(err, o.abort())
		}
	}
	for _, f := range []*os.File{o.archive, o.sidecar} {
		if err := f.Close(); err != nil {
			return errors.Join(err, o.abort())
		}
	}
	if err := os.Rename(tempName(o.name), o.name); err != nil {
		return errors.Join(err, o.abort())
	}
	if err := os.Rename(tempName(o.name+SidecarSuffix), o.name+SidecarSuffix); err != nil {
		err = fmt.Errorf("%w: %w", err, ErrNotIndexed)
		return errors.Join(err, os.Remove(tempName(o.name+SidecarSuffix)), o.lock.Close())
	}
	if err := syncDir(filepath.Dir(o.name)); err != nil {
		return errors.Join(err, o.lock.Close())
	}
	return o.lock.Close()
}

// abort removes the temporary files and gives up the lock.
func (o *output) abort() error {
	var errs []error
	if o.sidecar != nil {
		o.sidecar.Close() // closed already when commit failed late
		errs = append(errs, os.Remove(o.sidecar.Name()))
	}
	o.archive.Close()
	errs = append(errs, os.Remove(o.archive.Name()), o.lock.Close())
	return errors.Join(errs...)
}

// syncDir makes the names in a directory durable.
func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
