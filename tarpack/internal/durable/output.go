package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
)

// Output is an archive and its sidecar while they are written: two temporary files beside their
// destination. The destination changes only in Commit, to both new files.
//
// The temporary names are fixed, and that of the archive is locked. So a second writer is refused,
// and what a killed writer has left is reused by the next.
type Output struct {
	Name    string   // of the archive, with symbolic links resolved
	Archive *os.File // TempName(Name), with the lock
	Sidecar *os.File
	ModTime time.Time // of the archive after Commit; zero: when it was written
	// NoSidecar makes Commit and CommitSidecar remove both the new sidecar and the old one: the new
	// archive has its index in itself.
	NoSidecar bool
	lock      *os.File
}

// Create locks the archive name for writing and creates its temporary files, which are empty. They
// have the permissions of an archive that they will replace.
//
// The error wraps format.ErrLocked if another process writes the archive, and format.ErrNotRegular
// if something other than a file has its name.
func Create(name string) (*Output, error) {
	if err := format.CheckFile(name); err != nil { // before Windows cuts off its end
		return nil, err
	}
	// The rename must replace what a symbolic link points to, not the link.
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	if err := CheckName(name); err != nil {
		return nil, err
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

// Inherit gives the new files the permissions of the open archive old, and its owner if that is
// possible.
func (o *Output) Inherit(old *os.File) error {
	fi, err := old.Stat()
	if err != nil {
		return err
	}
	return o.inheritFrom(fi)
}

// inheritFrom is Inherit for an archive that was looked at with stat.
func (o *Output) inheritFrom(fi os.FileInfo) error {
	return errors.Join(inherit(o.Archive, fi), inherit(o.Sidecar, fi))
}

// Inherit gives f the permissions of another file, and its owner if that is possible.
func Inherit(f, from *os.File) error {
	fi, err := from.Stat()
	if err != nil {
		return err
	}
	return inherit(f, fi)
}

func inherit(f *os.File, fi os.FileInfo) error {
	if err := f.Chmod(fi.Mode().Perm()); err != nil {
		return err
	}
	now, err := f.Stat()
	if err != nil {
		return nil // only root can give a file away
	}
	if is, want := StatOf(now), StatOf(fi); is.UID != want.UID || is.GID != want.GID {
		_ = f.Chown(want.UID, want.GID) // only root can
	}
	return nil
}

// Commit makes both files durable and gives them their names, the archive first. A crash in between
// leaves a sidecar that does not match, which every reader notices.
//
// After an error nothing of the new files is left, unless the archive has its name already.
func (o *Output) Commit() error {
	if !o.ModTime.IsZero() {
		if err := os.Chtimes(o.Archive.Name(), time.Time{}, o.ModTime); err != nil {
			return errors.Join(err, o.Abort())
		}
	}
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
	if err := osfile.Rename(format.TempName(o.Name), o.Name); err != nil {
		return errors.Join(err, o.Abort())
	}
	if err := o.placeSidecar(); err != nil {
		err = fmt.Errorf("%w: %w", err, format.ErrNotIndexed)
		return errors.Join(err, o.lock.Close())
	}
	if err := SyncDir(filepath.Dir(o.Name)); err != nil {
		return errors.Join(err, o.lock.Close())
	}
	return o.lock.Close()
}

// CommitSidecar gives the sidecar of an archive that has grown its name, and releases the lock.
func (o *Output) CommitSidecar() error {
	err := o.placeSidecar()
	if err == nil {
		err = SyncDir(filepath.Dir(o.Name))
	}
	return errors.Join(err, os.Remove(o.Archive.Name()), o.lock.Close())
}

// placeSidecar gives the new sidecar its name, or removes both with NoSidecar. After an error the
// new one is gone.
func (o *Output) placeSidecar() error {
	temp, name := format.TempName(o.Name+format.SidecarSuffix), o.Name+format.SidecarSuffix
	if o.NoSidecar {
		err := os.Remove(name) // it is of the archive before
		if errors.Is(err, fs.ErrNotExist) || osfile.IsLongName(err) {
			err = nil
		}
		return errors.Join(err, os.Remove(temp))
	}
	if err := osfile.Rename(temp, name); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return nil
}

// Leave releases the lock and keeps the temporary files: an archive that could not be restored
// needs the note in them, so that the next writer does it.
func (o *Output) Leave() error {
	o.Sidecar.Close() // is closed already if a commit has failed late
	o.Archive.Close()
	return o.lock.Close()
}

// Abort removes the temporary files and releases the lock.
func (o *Output) Abort() error {
	var errs []error
	if o.Sidecar != nil {
		o.Sidecar.Close() // is closed already if Commit has failed late
		errs = append(errs, os.Remove(o.Sidecar.Name()))
	}
	o.Archive.Close()
	errs = append(errs, os.Remove(o.Archive.Name()), o.lock.Close())
	return errors.Join(errs...)
}
