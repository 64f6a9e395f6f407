package mirror

import (
	"os"

	"golang.org/x/sys/unix"
)

// sync makes what was extracted into a directory durable, with all else of its file system: that
// takes one wait, and not one for each file.
func (*updater) sync(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return &os.PathError{Op: "sync", Path: dir.Name(), Err: err}
	}
	return nil
}
