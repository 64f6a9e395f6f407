package exclude

import (
	"bufio"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Patterns is a list of globs. The zero value, and nil, exclude nothing.
//
// A glob without a slash, such as "*.tmp", is matched with each name, anywhere in the tree. One
// with a slash inside, such as "build/**" or "/cache", is matched with the whole path. One that
// ends in a slash, such as ".git/", matches directories only.
//
// What is below an excluded directory is excluded with it. The syntax is that of package
// doublestar: *, ?, [a-z], {a,b}, and ** for any number of directories.
//
// A "./" at the beginning means the top of the tree, as "/" does. A glob that begins with "!" is
// refused, as are "." and "..", which no path contains. `\!` begins a glob for names with a "!".
type Patterns struct {
	names, paths ruleSet
}

// rule is one glob.
type rule struct {
	glob    string // without slashes at its ends
	dirOnly bool   // matches only directories
}

// Add adds a glob. It fails, and names the glob, if that is malformed or can match nothing.
func (x *Patterns) Add(glob string) error {
	if strings.HasPrefix(glob, "!") {
		return fmt.Errorf("%q: a glob can't include again what others exclude;"+
			" write \\! for names that begin with it", glob)
	}
	r := rule{glob: strings.TrimSuffix(glob, "/")}
	r.dirOnly = r.glob != glob
	parts := strings.Split(r.glob, "/")
	byName := len(parts) == 1
	// Empty components and "." mean nothing in a path, except that a slash makes it a path.
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" || p == "." })
	r.glob = strings.Join(parts, "/")
	if r.glob == "" || !doublestar.ValidatePattern(r.glob) {
		return fmt.Errorf("%q is not a valid glob", glob)
	}
	if slices.Contains(parts, "..") {
		return fmt.Errorf("%q: a path in the tree has no \"..\"", glob)
	}
	if byName {
		x.names.add(r)
	} else {
		x.paths.add(r)
	}
	return nil
}

// AddFrom adds the globs in r, one a line. It skips empty lines and lines that begin with #. An
// error names the line.
func (x *Patterns) AddFrom(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := x.Add(line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return lines.Err()
}

// MatchBelow reports whether the entry at path p, or a directory above it, is excluded.
func (x *Patterns) MatchBelow(p string, isDir bool) bool {
	if x == nil {
		return false
	}
	for i := range len(p) {
		if p[i] == '/' && x.Match(p[:i], true) {
			return true
		}
	}
	return x.Match(p, isDir)
}

// Match reports whether the entry at path p is excluded.
func (x *Patterns) Match(p string, isDir bool) bool {
	return x != nil && (x.names.match(path.Base(p), isDir) || x.paths.match(p, isDir))
}
