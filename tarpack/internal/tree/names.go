package tree

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// names are the paths to which a tree is limited.
type names struct {
	whole    map[string]bool     // packed with everything below
	children map[string][]string // sorted names of a directory that are packed; "" is the top
}

// newNames returns the names for paths below the top of a tree. A leading "./" and slashes at the
// end mean nothing. Those that are exact do not stand for what is below them.
func newNames(paths, exact []string) (*names, error) {
	n := &names{whole: map[string]bool{}, children: map[string][]string{}}
	for _, given := range paths {
		p, err := CleanName(given)
		if err != nil {
			return nil, err
		}
		n.whole[p] = true
		n.add(p)
	}
	for _, given := range exact {
		p, err := CleanName(given)
		if err != nil {
			return nil, err
		}
		n.add(p)
	}
	for dir, all := range n.children {
		slices.Sort(all)
		n.children[dir] = slices.Compact(all)
	}
	return n, nil
}

// add makes a path, and the directories above it, children of these.
func (n *names) add(p string) {
	for p != "" {
		dir := parent(p)
		_, known := n.children[dir]
		n.children[dir] = append(n.children[dir], strings.TrimPrefix(p[len(dir):], "/"))
		if known {
			return
		}
		p = dir
	}
}

// CleanName returns a path below the top of a tree as the tree has it, "" for the top itself. A
// leading "./" and slashes at the end mean nothing. The error wraps fs.ErrInvalid.
func CleanName(given string) (string, error) {
	p := path.Clean(given)
	if p == "." && given != "" {
		return "", nil
	}
	if err := sidecar.ValidPath(p); err != nil || hasDots(given) {
		return "", fmt.Errorf("%s: %w: a path below the directory is needed",
			format.Printable(given), fs.ErrInvalid)
	}
	return p, nil
}

// hasDots reports whether a path has a component "..": after a link it may lead elsewhere than
// path.Clean assumes.
func hasDots(p string) bool { return slices.Contains(strings.Split(p, "/"), "..") }

// of returns the names of a directory that are packed, and false if all are.
func (n *names) of(dir string) ([]string, bool) {
	if n == nil || n.hasAll(dir) {
		return nil, false
	}
	return n.children[dir], true
}

// suits returns an error if there are names below an entry that is not a directory. Otherwise they
// would be left out silently.
func (n *names) suits(e *Entry) error {
	if n == nil || e.Typ == sidecar.TypeDir {
		return nil
	}
	rel := e.Dir.Tree.Rel(e.Path())
	below := n.children[rel]
	if len(below) == 0 || n.hasAll(rel) {
		return nil
	}
	what := "a " + e.Typ.String()
	if e.Typ == sidecar.TypeSymlink {
		what = "a symbolic link, which is not followed"
	}
	return Error(rel+"/"+below[0], fmt.Errorf("%w: %s is %s",
		syscall.ENOTDIR, format.Printable(rel), what))
}

// hasAll reports whether a directory, or one above it, is packed with everything below.
func (n *names) hasAll(dir string) bool {
	for ; ; dir = parent(dir) {
		if n.whole[dir] || dir == "" {
			return n.whole[dir]
		}
	}
}

// parent returns the path of the directory that contains p. It is "" for the top.
func parent(p string) string { return p[:max(0, strings.LastIndexByte(p, '/'))] }
