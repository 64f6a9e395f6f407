package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tarpack/tpk/tarpack/format"
)

// commitSidecar puts the sidecar of an archive that has grown in its place, and lets go of the lock.
func (o *Output) CommitSidecar() error {
	err := os.Rename(format.TempName(o.Name+format.SidecarSuffix), o.Name+format.SidecarSuffix)
	if err != nil {
		err = errors.Join(err, os.Remove(format.TempName(o.Name+format.SidecarSuffix)))
	} else {
		err = SyncDir(filepath.Dir(o.Name))
	}
	return errors.Join(err, os.Remove(o.Archive.Name()), o.lock.Close())
}

// An output is an archive and its sidecar while they are written: two temporary files beside the place
// where they will stand. Nothing is seen there until commit, which leaves both or the old ones.
//
// The temporary names are fixed, and the archive's carries a lock: so a second writer is refused, and
// what a killed one has left is taken over by the next.
type Output struct {
	Name    string
	Archive *os.File
	Sidecar *os.File
	lock    *os.File
}

// createOutput takes the lock for writing the archive name and creates its temporary files.
// It returns ErrLocked when somebody else is writing it.
func Create(name string) (*Output, error) {
	// The rename must replace what a symbolic link points to, not the link.
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	old, err := os.Stat(name)
	if err == nil && !old.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, format.ErrNotRegular)
	}
	if fi, err := os.Lstat(name + format.SidecarSuffix); err == nil && fi.IsDir() {
		return nil, fmt.Errorf("%s%s: %w", name, format.SidecarSuffix, format.ErrNotRegular)
	}
	o := &Output{Name: name}
	if o.Archive, o.lock, err = LockedTemp(name); err != nil {
		return nil, err
	}
	if o.Sidecar, err = OpenTemp(format.TempName(name + format.SidecarSuffix)); err != nil {
		return nil, errors.Join(err, o.Abort())
	}
	for _, f := range []*os.File{o.Archive, o.Sidecar} {
		if err := f.Truncate(0); err != nil {
			return nil, errors.Join(err, o.Abort())
		}
	}
	if old != nil {
		if err := o.inheritFrom(old); err != nil {
			return nil, errors.Join(err, o.Abort())
		}
	}
	return o, nil
}

// inherit gives the new files the permissions of an archive that they are made of, and its owner where that is possible.
func (o *Output) Inherit(old *os.File) error {
	fi, err := old.Stat()
	if err != nil {
		return err
	}
	return o.inheritFrom(fi)
}

// inheritFrom is inherit, for an archive that they replace as well.
func (o *Output) inheritFrom(fi os.FileInfo) error {
	for _, f := range []*os.File{o.Archive, o.Sidecar} {
		if err := f.Chmod(fi.Mode().Perm()); err != nil {
			return err
		}
		if is, err := f.Stat(); err == nil && (StatOf(is).Uid != StatOf(fi).Uid || StatOf(is).Gid != StatOf(fi).Gid) {
			_ = f.Chown(StatOf(fi).Uid, StatOf(fi).Gid) // only root can
		}
	}
	return nil
}

// openTemp opens or makes a temporary file. It does not truncate: until the lock is known to be ours, the file may be another writer's. What
// stands there and is no file of this user's alone (a link, a pipe, somebody else's) is removed, never written to: the name is known
// to all, and whoever may write to the directory could have put it there.
func OpenTemp(name string) (*os.File, error) {
	for {
		f, err := openTempAnyOwner(name)
		if err != nil {
			return nil, err
		}
		fi, err := f.Stat()
		if err == nil && StatOf(fi).Uid == os.Geteuid() {
			return f, nil
		}
		if err := errors.Join(err, f.Close(), os.Remove(name)); err != nil {
			return nil, err
		}
	}
}

// openOwn is openTemp for a file whoever's, which must not be written to.
func openTempAnyOwner(name string) (*os.File, error) {
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|OpenNonblock, 0o666)
		if err == nil {
			fi, err := f.Stat()
			if err == nil && fi.Mode().IsRegular() && StatOf(fi).Nlink < 2 {
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
func LockedTemp(name string) (f, lock *os.File, err error) {
	temp := format.TempName(name)
	for {
		if lock, err = openTempAnyOwner(temp); err != nil {
			return nil, nil, err
		}
		if err = LockFile(lock); err != nil {
			lock.Close()
			return nil, nil, fmt.Errorf("%s: %w", name, err) // the temporary name says nothing to anybody
		}
		// Another user's that nobody writes is left over, and goes.
		if f, err = OpenTemp(temp); err != nil {
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
func (o *Output) Commit() error {
	for _, f := range []*os.File{o.Archive, o.Sidecar} {
		if err := f.Sync(); err != nil {
			return errors.Join(err, o.Abort())
		}
	}
	for _, f := range []*os.File{o.Archive, o.Sidecar} {
		if err := f.Close(); err != nil {
			return errors.Join(err, o.Abort())
		}
	}
	if err := os.Rename(format.TempName(o.Name), o.Name); err != nil {
		return errors.Join(err, o.Abort())
	}
	if err := os.Rename(format.TempName(o.Name+format.SidecarSuffix), o.Name+format.SidecarSuffix); err != nil {
		err = fmt.Errorf("%w: %w", err, format.ErrNotIndexed)
		return errors.Join(err, os.Remove(format.TempName(o.Name+format.SidecarSuffix)), o.lock.Close())
	}
	if err := SyncDir(filepath.Dir(o.Name)); err != nil {
		return errors.Join(err, o.lock.Close())
	}
	return o.lock.Close()
}

// abort removes the temporary files and gives up the lock.
func (o *Output) Abort() error {
	var errs []error
	if o.Sidecar != nil {
		o.Sidecar.Close() // closed already when commit failed late
		errs = append(errs, os.Remove(o.Sidecar.Name()))
	}
	o.Archive.Close()
	errs = append(errs, os.Remove(o.Archive.Name()), o.lock.Close())
	return errors.Join(errs...)
}

// syncDir makes the names in a directory durable.
func SyncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
