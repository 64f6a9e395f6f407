package plan

import (
	"errors"
	"io/fs"

	"github.com/tarpack/tpk/tarpack/symlink"
)

// resolve looks a path up and follows symbolic links anywhere on it. A link leads nowhere if it
// leaves its archive's root, is absolute, goes in circles, or ends at something hidden.
func (pl *Planner) resolve(t Tree, path string) (Node, error) {
	n, end, err := pl.follow(t, path)
	if n.Kind == Dir && pl.hide != nil &&
		(pl.hides(path, true) || pl.hides(end, true) || pl.hides(n.Name, true)) {
		return Node{}, err
	}
	return n, err
}

// follow is resolve for what is hidden whether it is a folder or not. end is where links led.
func (pl *Planner) follow(t Tree, path string) (n Node, end string, err error) {
	n, err = t.Lookup(path)
	if n.Name != "" && pl.hidden(n.Name) && n.Kind != Link {
		return Node{}, path, err // the file system has followed links
	}
	if err != nil || n.Kind != Missing && n.Kind != Link || !t.HasLinks() {
		return n, path, err
	}
	if root := t.Root(path); t.Direct(root) {
		n, end, err = symlink.ResolveDirect(linkTree{t}, root, path, true)
	} else {
		n, end, err = symlink.Resolve(linkTree{t}, root, path, true)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, symlink.ErrLoop) {
		return Node{}, path, nil
	}
	if err != nil || pl.hidden(end) {
		return Node{}, path, err
	}
	if n.Name != "" && pl.hidden(n.Name) {
		return Node{}, path, nil
	}
	if n.Kind == File && n.Name == "" {
		n.Name = end
	}
	return n, end, nil
}

// linkTree is a Tree as package symlink sees it.
type linkTree struct{ t Tree }

func (l linkTree) Lookup(path string) (Node, symlink.Kind, error) {
	n, err := l.t.Lookup(path)
	switch n.Kind {
	case Missing:
		return n, symlink.Missing, err
	case Dir:
		return n, symlink.Dir, err
	case Link:
		return n, symlink.Link, err
	}
	return n, symlink.Other, err
}

func (l linkTree) Target(n Node) (string, error) { return l.t.Link(n) }

func (l linkTree) LinkAbove(path string) (string, error) { return l.t.LinkAbove(path) }
