//go:build !linux

package mirror

import (
	"errors"
	"os"
)

// sync makes the files that were extracted into a directory durable.
func (u *updater) sync(dir *os.Root) error {
	for _, name := range u.changed {
		fi, err := dir.Lstat(name)
		if err != nil || !fi.Mode().IsRegular() { // it was a problem, or is no file
			continue
		}
		f, err := dir.Open(name)
		if err != nil {
			continue // nobody may read it
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}
