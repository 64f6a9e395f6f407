package mirror

import (
	"errors"
	"io/fs"
	"path"
	"time"
)

// writable are the permissions of the owner that a directory needs while something in it changes.
const writable = 0o700

// makeDirs creates missing directories. A symbolic link or a file in the place of one is removed.
func (u *updater) makeDirs() error {
	for k := range u.dirs {
		name := u.dirs[k].path
		fi, err := u.root.Lstat(name)
		if err == nil && fi.IsDir() {
			if fi.Mode()&writable != writable { // its mode is set at the end
				if err := u.root.Chmod(name, fi.Mode().Perm()|writable); err != nil {
					return err
				}
			}
			continue
		}
		if err == nil {
			err = u.root.Remove(name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := u.root.Mkdir(name, writable); err != nil {
			return err
		}
		u.res.Written++
	}
	return nil
}

// place renames what was extracted to its place.
func (u *updater) place(name string) error {
	from := path.Join(staging, name)
	if _, err := u.root.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return nil // it was a problem, which has been reported
	}
	if fi, err := u.root.Lstat(name); err == nil && fi.IsDir() {
		// Everything in it is gone: it was found by findOther.
		if err := u.root.RemoveAll(name); err != nil {
			return err
		}
	}
	u.res.Written++
	return u.root.Rename(from, name)
}

// remove removes what is gone.
func (u *updater) remove(name string) error {
	err := u.root.Remove(name)
	if isMissing(err) { // an entry of another type has taken the place of its directory
		return nil
	}
	if errors.Is(err, fs.ErrPermission) {
		// Its directory may not be writable, which it is not in the archive.
		dir := path.Dir(name)
		if fi, statErr := u.root.Lstat(dir); statErr == nil && fi.IsDir() {
			if u.root.Chmod(dir, fi.Mode().Perm()|writable) == nil {
				err = u.root.Remove(name)
			}
		}
	}
	if err == nil {
		u.res.Removed++
	}
	return err
}

// adjustAll sets modes and times that differ, those of directories last.
func (u *updater) adjustAll() error {
	for _, e := range u.adjust {
		if err := u.adjustOne(e, fs.ModePerm|fs.ModeSticky); err != nil {
			return err
		}
	}
	for k := len(u.dirs) - 1; k >= 0; k-- {
		if err := u.adjustOne(u.dirs[k], ^fs.ModeType); err != nil {
			return err
		}
	}
	return nil
}

// adjustOne gives an entry the mode, as far as mask has it, and the time that it must have. A
// symbolic link has neither.
func (u *updater) adjustOne(e entry, mask fs.FileMode) error {
	fi, err := u.root.Lstat(e.path)
	if err != nil {
		return err
	}
	if fi.Mode().Type() != 0 && !fi.IsDir() {
		return nil
	}
	mask &^= fs.ModeType
	changed := false
	if fi.Mode()&mask != e.mode&mask {
		changed = true
		if err := u.root.Chmod(e.path, e.mode&mask); err != nil {
			return err
		}
	}
	if fi.ModTime().Unix() != e.mtime || fi.ModTime().Nanosecond() != 0 {
		changed = changed || !fi.IsDir()
		if err := u.root.Chtimes(e.path, time.Time{}, time.Unix(e.mtime, 0)); err != nil {
			return err
		}
	}
	if changed {
		u.res.Changed++
	}
	return nil
}
