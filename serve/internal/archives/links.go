package archives

import (
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/symlink"
)

// A symbolic link to something hidden is not answered, so it is in no listing, search or download
// either. Links that lead nowhere are: they show what the archive has.

// LeadsToHidden reports whether the symbolic link at path leads to something hidden. hidden may be
// nil.
func (v *View) LeadsToHidden(path string, hidden func(string) bool) bool {
	if hidden == nil {
		return false
	}
	end, err := v.Resolve(path)
	return err == nil && paths.Hides(hidden, end, func() bool {
		n, _, err := v.Find(end)
		return err != nil || n.Kind == plan.Dir
	})
}

// Resolve returns where symbolic links on a path lead.
func (v *View) Resolve(path string) (end string, err error) {
	_, end, err = symlink.Resolve(viewLinks{v}, v.set.root(path), path, true)
	return end, err
}

// viewLinks is a View as package symlink sees it. What is not there may be a folder of another
// source: its path can be hidden all the same.
type viewLinks struct{ v *View }

func (l viewLinks) Lookup(path string) (plan.Node, symlink.Kind, error) {
	n, _, err := l.v.Find(path)
	switch n.Kind {
	case plan.Link:
		return n, symlink.Link, err
	case plan.Missing, plan.Dir:
		return n, symlink.Dir, err
	}
	return n, symlink.Other, err
}

func (l viewLinks) Target(n plan.Node) (string, error) { return l.v.Link(n) }
