package plain

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/symlink"
)

// follow returns the path that path leads to, without symbolic links.
func (d *Dir) follow(path string) (string, error) {
	_, end, err := symlink.Resolve(tree{d.root}, "", path, true)
	return end, err
}

// tree is a directory as package symlink sees it.
type tree struct{ root *os.Root }

func (t tree) Lookup(path string) (string, symlink.Kind, error) {
	if path == "" {
		return path, symlink.Dir, nil
	}
	fi, err := t.root.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), osfile.Is(err, syscall.ENOTDIR):
		return path, symlink.Missing, nil
	case err != nil:
		return path, symlink.Missing, err
	case !isExact(t.root, path):
		return path, symlink.Missing, nil
	case fi.IsDir():
		return path, symlink.Dir, nil
	case fi.Mode().Type() == fs.ModeSymlink:
		return path, symlink.Link, nil
	}
	return path, symlink.Other, nil
}

func (t tree) Target(path string) (string, error) { return t.root.Readlink(path) }
