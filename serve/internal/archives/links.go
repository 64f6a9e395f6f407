package archives

import (
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/symlink"
)

// A symbolic link to something hidden is not answered, so it is in no listing, search or download
// either. Links that lead nowhere are: they show what the archive has.

// leadsToHidden reports whether the symbolic link at path leads to something hidden. hidden may be
// nil.
func (v *View) leadsToHidden(path string, hidden func(string) bool) bool {
	if hidden == nil {
		return false
	}
	_, end, err := symlink.Resolve(viewLinks{v}, v.set.root(path), path, true)
	return err == nil && paths.Hides(hidden, end, func() bool {
		n, _, err := v.find(end)
		return err != nil || n.Kind == plan.Dir
	})
}

// leadsToHidden is View.leadsToHidden for the archive alone, mounted at mount. Several goroutines
// may call it.
func (a *archive) leadsToHidden(mount, path string, hidden func(string) bool) bool {
	_, end, err := symlink.Resolve(archiveLinks{a}, "", path, true)
	return err == nil && paths.Hides(hidden, paths.Join(mount, end), func() bool {
		_, dir, err := a.directory(end)
		return dir || err != nil
	})
}

// viewLinks is a View, and archiveLinks an archive, as package symlink sees them. What is not there
// may be a folder of another source: its path can be hidden all the same.
type (
	viewLinks    struct{ v *View }
	archiveLinks struct{ a *archive }
)

func (l viewLinks) Lookup(path string) (plan.Node, symlink.Kind, error) {
	n, _, err := l.v.find(path)
	switch n.Kind {
	case plan.Link:
		return n, symlink.Link, err
	case plan.Missing, plan.Dir:
		return n, symlink.Dir, err
	}
	return n, symlink.Other, err
}

func (l viewLinks) Target(n plan.Node) (string, error) { return l.v.Link(n) }

func (l archiveLinks) Lookup(path string) (int, symlink.Kind, error) {
	i, ok, err := l.a.index.Lookup(path)
	if err != nil || !ok {
		return i, symlink.Dir, err
	}
	e, err := l.a.index.Entry(i)
	switch e.Type {
	case sidecar.TypeSymlink:
		return i, symlink.Link, err
	case sidecar.TypeDir:
		return i, symlink.Dir, err
	}
	return i, symlink.Other, err
}

func (l archiveLinks) Target(i int) (string, error) { return l.a.index.Link(i) }
