package tarpack

import (
	"os"
	"path"
	"strings"
)

// A sourceTree is a directory on disk that is packed, or one file in a directory.
type sourceTree struct {
	root *os.Root
	into string // where in the archive its top stands, "" for the archive's top
	only string // the one name in it that counts, "" for all
}

func openTree(name string) (*sourceTree, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &sourceTree{root: root}, nil
}

// close must not be called before all is read.
func (t *sourceTree) close() { t.root.Close() } // open for reading only: nothing to lose

// top opens the tree's top directory.
func (t *sourceTree) top() (*sourceDir, error) {
	root, err := t.root.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	return &sourceDir{tree: t, root: root, path: t.into}, nil
}

// open opens the file that stands at a path in the archive.
func (t *sourceTree) open(name string) (*os.File, error) {
	if t.into != "" {
		name = strings.TrimPrefix(name, t.into+"/")
	}
	return t.root.Open(path.Clean(name))
}
