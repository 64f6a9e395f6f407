package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
)

// OpenTemp opens or creates a temporary file, and does not truncate it: without its lock, another
// process may be writing it.
//
// The name is predictable, so others could have put something there: a link, a pipe, a file of
// theirs. OpenTemp removes anything that is not a file of this user with one name, and never writes
// to it.
func OpenTemp(name string) (*os.File, error) {
	for {
		f, err := openTempAnyOwner(name)
		if err != nil {
			return nil, err
		}
		fi, err := f.Stat()
		if err == nil && isOurs(fi) {
			return f, nil
		}
		if err := errors.Join(err, f.Close(), os.Remove(name)); err != nil {
			return nil, err
		}
	}
}

// openTempAnyOwner is OpenTemp without the owner check. The caller may lock the file but must not
// write to it.
func openTempAnyOwner(name string) (*os.File, error) {
	for {
		f, err := osfile.OpenFile(name, os.O_RDWR|os.O_CREATE|osfile.NoFollow|osfile.Nonblock, 0o666)
		if err == nil {
			fi, err := f.Stat()
			if err == nil && fi.Mode().IsRegular() && osfile.Links(f, fi) < 2 {
				return f, nil
			}
			if err := errors.Join(err, f.Close()); err != nil {
				return nil, err
			}
		} else if fi, err2 := os.Lstat(name); err2 != nil || fi.Mode().IsRegular() {
			if errors.Is(err2, fs.ErrNotExist) && errors.Is(err, syscall.ELOOP) {
				continue // a symbolic link that has just been removed
			}
			return nil, err
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

// CheckName returns an error if a file can't have this name: it is too long for the file system, or
// the system does not allow it.
func CheckName(name string) error {
	if err := format.CheckFile(name); err != nil {
		return err
	}
	if _, err := os.Lstat(name); osfile.IsLongName(err) {
		return err
	}
	return nil
}

// CheckIndexName returns an error that wraps format.ErrLongName if the name of an archive is too
// long for one with a sidecar.
func CheckIndexName(archive string) error {
	if CheckName(archive+format.SidecarSuffix) != nil {
		return fmt.Errorf("%s: %w", archive, format.ErrLongName)
	}
	return nil
}

// LockedTemp opens the temporary file of name, and locks it through a second descriptor. So f can
// be closed, and a late error of that be seen, while the lock is held. The error wraps
// format.ErrLocked if another process has the lock.
//
// The holder of a lock renames or removes the file before it releases the lock. So after locking,
// the name may lead to another file; then LockedTemp starts again.
//
// It removes the scratch files of name that a killed process has left.
func LockedTemp(name string) (f, lock *os.File, err error) {
	temp := format.TempName(name)
	for {
		if lock, err = openTempAnyOwner(temp); err != nil {
			return nil, nil, err
		}
		if err = LockFile(lock); err != nil {
			lock.Close()
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		// The lock shows that no process writes the file. If it is another user's, OpenTemp
		// replaces it.
		if f, err = OpenTemp(temp); err != nil {
			lock.Close()
			return nil, nil, err
		}
		locked, err1 := lock.Stat()
		opened, err2 := f.Stat()
		if err1 == nil && err2 == nil && os.SameFile(locked, opened) {
			if err := removeScratch(name); err != nil {
				return nil, nil, errors.Join(err, f.Close(), lock.Close())
			}
			return f, lock, nil
		}
		if err := errors.Join(err1, err2, f.Close(), lock.Close()); err != nil {
			return nil, nil, err
		}
	}
}

// ScratchFile creates a temporary file in dir, or in the system's directory if dir is "". It is
// gone when it is closed, or the process ends.
func ScratchFile(dir string) (*os.File, error) { return osfile.CreateUnnamed(dir, "tpk-*") }

// SyncDir makes the names in a directory durable.
func SyncDir(name string) error { return osfile.SyncDir(name) }
