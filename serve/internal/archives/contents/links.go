package contents

import (
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/symlink"
)

// LeadsToHidden reports whether the symbolic link at path leads to something of the archive that is
// hidden, if it is mounted at mount. hidden must not be nil.
func (t *Tree) LeadsToHidden(mount, path string, hidden func(string) bool) bool {
	_, end, err := symlink.Resolve(links{t}, "", path, true)
	return err == nil && paths.Hides(hidden, paths.Join(mount, end), func() bool {
		_, dir, err := t.Directory(end)
		return dir || err != nil
	})
}

// links is a Tree as package symlink sees it. What is not there may be a folder of another source:
// its path can be hidden all the same.
type links struct{ t *Tree }

func (l links) Lookup(path string) (int, symlink.Kind, error) {
	i, ok, err := l.t.Index.Lookup(path)
	if err != nil || !ok {
		return i, symlink.Dir, err
	}
	e, err := l.t.Index.Entry(i)
	switch e.Type {
	case sidecar.TypeSymlink:
		return i, symlink.Link, err
	case sidecar.TypeDir:
		return i, symlink.Dir, err
	}
	return i, symlink.Other, err
}

func (l links) Target(i int) (string, error) { return l.t.Index.Link(i) }
