package live

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tarpack/tpk/serve/internal/plain"
)

// lstat describes what a path below a directory names.
func lstat(dir, path string) (fs.FileInfo, error) {
	return os.Lstat(dir + string(filepath.Separator) + filepath.FromSlash(path))
}

// open opens a file below a directory for reading. O_NONBLOCK: a FIFO that has taken the name of a
// file must not hold the caller up.
func open(root *plain.Dir, path string) (*os.File, error) {
	return root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK)
}

// reopen opens the directory if its path leads to another one than before, or to none. It returns
// the open one, or nil, and whether that is another one.
func (d *Dir) reopen() (root *plain.Dir, another bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now, err := os.Stat(d.c.Path)
	if err == nil && !now.IsDir() {
		err = fs.ErrInvalid
	}
	if d.root != nil && err == nil {
		if opened, err := d.root.Stat("."); err == nil && os.SameFile(now, opened) {
			return d.root, false
		}
	}
	former := d.root
	d.root = nil
	if err == nil {
		d.root, _ = plain.Open(d.c.Path) // it may be gone again, or not ours to read
	}
	if former != nil {
		former.Release()
	}
	if another = former != d.root; another {
		d.scanned = false
	}
	return d.root, another
}
