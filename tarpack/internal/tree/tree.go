package tree

import (
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Tree is a directory on disk, or one file in it, that is packed.
type Tree struct {
	Root *os.Root
	Into string // path of its top in the archive; "" for the archive's top
	Only string // the only name in it to pack; "" for all
}

// Open opens a directory as a Tree.
func Open(name string) (*Tree, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &Tree{Root: root}, nil
}

// Close closes the Tree, once everything is read.
func (t *Tree) Close() { t.Root.Close() } // opened for reading only: errors lose nothing

// Top opens the top directory.
func (t *Tree) Top() (*Dir, error) {
	root, err := t.Root.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	return &Dir{Tree: t, Root: root, Path: t.Into}, nil
}

// Open opens the file with this path in the archive.
func (t *Tree) Open(name string) (io.ReadCloser, error) { return t.Root.Open(t.below(name)) }

// Lstat returns what is at this path in the archive.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) { return t.Root.Lstat(t.below(name)) }

// below returns the path below Root of a path in the archive.
func (t *Tree) below(name string) string {
	if t.Into != "" {
		name = strings.TrimPrefix(name, t.Into+"/")
	}
	return path.Clean(name)
}
