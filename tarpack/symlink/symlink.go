// Package symlink follows symbolic links inside a tree of names: an archive's io/fs and the HTTP
// server both resolve paths with it.
package symlink

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Kind is what a path is, as far as following links goes.
type Kind int

// The kinds of path.
const (
	Missing Kind = iota
	Dir
	Link
	Other // a file of any kind
)

// A Tree looks names up. N is what it knows of one.
type Tree[N any] interface {
	// Lookup returns what exactly this path names. It follows no links.
	Lookup(path string) (N, Kind, error)
	// Target returns the target of a symbolic link.
	Target(n N) (string, error)
}

// Errors of Resolve, beside those of the Tree. A path that does not exist is fs.ErrNotExist.
var (
	// ErrOutside is for a symbolic link that leads out of the tree. It wraps fs.ErrNotExist.
	ErrOutside = fmt.Errorf("%w: a symbolic link leads out of the archive", fs.ErrNotExist)
	// ErrLoop is for symbolic links that lead to each other.
	ErrLoop = errors.New("too many levels of symbolic links")
)

// Limits of Resolve.
const (
	// MaxLinks is how many symbolic links a path may lead through (MAXSYMLINKS of Linux).
	MaxLinks = 40
	// MaxNames is how many names are looked up for one path, so that no link makes a path
	// expensive: as many as the longest path of Linux has, 4,096 bytes.
	MaxNames = 2048
)

// A Direct tree has what it has at an exact path below directories only: no parent of that is a
// symbolic link. An archive is one. Several that lie over each other are not.
type Direct[N any] interface {
	Tree[N]
	// LinkAbove returns the nearest parent of a path that is there, if that is a symbolic link, or
	// else "". The path itself is not there.
	LinkAbove(path string) (link string, err error)
}

// Resolve walks the path name by name from the directory root, which must be a prefix of it, and
// follows symbolic links, a link in the last place only if follow is set. As in a kernel, ".." is
// the parent of the directory that was reached. Neither ".." nor an absolute target leads out of
// root.
//
// It returns what it found and its own path, without links.
func Resolve[N any](t Tree[N], root, path string, follow bool) (n N, end string, err error) {
	return resolve(t, nil, root, path, follow)
}

// ResolveDirect returns what Resolve does, with fewer lookups: it looks up all names after the last
// ".." at once.
func ResolveDirect[N any](
	t Direct[N], root, path string, follow bool,
) (n N, end string, err error) {
	return resolve(t, &leap[N]{t: t}, root, path, follow)
}

// resolve is Resolve, or ResolveDirect with a leap.
func resolve[N any](
	t Tree[N], l *leap[N], root, path string, follow bool,
) (n N, end string, err error) {
	none := *new(N)
	at, rest := root, strings.TrimPrefix(path[len(root):], "/")
	kind, known := Dir, false // known: n is what at names
	links := 0
	for names := 0; rest != ""; names++ {
		if kind != Dir {
			return none, "", fs.ErrNotExist // below a file
		}
		if names == MaxNames {
			return none, "", ErrLoop
		}
		name, after, _ := strings.Cut(rest, "/")
		switch name {
		case "", ".":
			rest = after
			continue
		case "..":
			if at == root {
				return none, "", ErrOutside
			}
			at, known, rest = parent(at), false, after
			continue
		}
		var next string
		if l.can(rest, names) {
			n, kind, next, after, err = l.leap(at, rest)
			names += strings.Count(next[len(at):], "/")
			if at != "" { // the slash after it
				names--
			}
		} else {
			next = join(at, name)
			n, kind, err = t.Lookup(next)
		}
		if err != nil {
			return none, "", err
		}
		rest = after
		switch {
		case kind == Missing:
			return none, "", fs.ErrNotExist
		case kind != Link || !follow && rest == "":
			at, known = next, true
			continue
		}
		target, err := t.Target(n)
		if err != nil {
			return none, "", err
		}
		if links++; links > MaxLinks {
			return none, "", ErrLoop
		}
		if strings.HasPrefix(target, "/") {
			return none, "", ErrOutside
		}
		at, kind, known = parent(next), Dir, false
		if rest != "" {
			target += "/" + rest
		}
		rest = target
	}
	if !known {
		n, _, err = t.Lookup(at)
	}
	return n, at, err
}

// parent returns the directory that a path is in, "" at the top.
func parent(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 0)] }

// join returns the path of a name in a directory.
func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
