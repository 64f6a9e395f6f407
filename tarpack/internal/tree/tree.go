package tree

import (
	"io"
	"os"
	"path"
	"strings"
)

// A sourceTree is a directory on disk that is packed, or one file in a directory.
type Tree struct {
	Root *os.Root
	Into string // where in the archive its top stands, "" for the archive's top
	Only string // the one name in it that counts, "" for all
}

func Open(name string) (*Tree, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &Tree{Root: root}, nil
}

// close must not be called before all is read.
func (t *Tree) Close() { t.Root.Close() } // open for reading only: nothing to lose

// top opens the tree's top directory.
func (t *Tree) Top() (*Dir, error) {
	root, err := t.Root.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	return &Dir{Tree: t, Root: root, Path: t.Into}, nil
}

// Open opens a file by its path in the archive.
func (t *Tree) Open(name string) (io.ReadCloser, error) {
	if t.Into != "" {
		name = strings.TrimPrefix(name, t.Into+"/")
	}
	return t.Root.Open(path.Clean(name))
}
