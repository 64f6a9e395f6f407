//go:build !linux

package mirror

import (
	"errors"
	"os"
	"runtime"
)

// sync makes the files that were extracted into a directory durable.
func (u *updater) sync(dir *os.Root) error {
	flag := os.O_RDONLY
	if runtime.GOOS == "windows" { // it flushes only what is open for writing
		flag = os.O_RDWR
	}
	for _, name := range u.changed {
		fi, err := dir.Lstat(name)
		if err != nil || !fi.Mode().IsRegular() { // it was a problem, or is no file
			continue
		}
		f, err := dir.OpenFile(name, flag, 0)
		if err != nil {
			continue // nobody may read it, or it is read-only on Windows
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}
