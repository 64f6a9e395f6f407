package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
)

// stat returns what is packed for a name in the directory: what lstat returns or, if links are
// followed, what the link leads to.
func (d *Dir) stat(name string) (info fs.FileInfo, followed bool, err error) {
	info, err = d.Root.Lstat(name)
	if err != nil || !d.Tree.Follow || info.Mode().Type() != fs.ModeSymlink {
		return info, false, err
	}
	info, err = os.Stat(d.Tree.onDisk(d.Join(name)))
	if errors.Is(err, fs.ErrNotExist) {
		target, _ := d.Root.Readlink(name)
		err = fmt.Errorf("a symbolic link to %q, which does not exist", target)
	}
	return info, true, err
}

// OpenFile opens a regular file for reading. If it is no longer one, that does not wait.
func (e *Entry) OpenFile() (*os.File, error) {
	const flags = os.O_RDONLY | osfile.Nonblock
	if e.followed {
		return osfile.OpenFile(e.Dir.Tree.onDisk(e.Path()), flags, 0)
	}
	return e.Dir.Root.OpenFile(e.Name, flags, 0)
}

// openRoot opens a directory.
func (e *Entry) openRoot() (*os.Root, error) {
	if e.followed {
		return os.OpenRoot(e.Dir.Tree.onDisk(e.Path()))
	}
	return e.Dir.Root.OpenRoot(e.Name)
}

// isLoop reports whether the entry is a link to a directory above it.
func (e *Entry) isLoop() bool {
	if !e.followed || !e.Info.IsDir() {
		return false
	}
	for d := e.Dir; d != nil; d = d.up {
		if d.info != nil && os.SameFile(d.info, e.Info) {
			return true
		}
	}
	return false
}
