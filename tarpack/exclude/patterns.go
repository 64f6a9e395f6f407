package exclude

import (
	"bufio"
	"fmt"
	"io"
	"path"
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
type Patterns struct {
	rules []rule
}

// rule is one glob.
type rule struct {
	glob    string // without slashes at its ends
	byName  bool   // is matched with the last component
	dirOnly bool   // matches only directories
}

// Add adds a glob. It fails, and names the glob, if that is malformed.
func (x *Patterns) Add(glob string) error {
	r := rule{glob: strings.TrimSuffix(glob, "/")}
	r.dirOnly = r.glob != glob
	r.byName = !strings.Contains(r.glob, "/")
	r.glob = strings.TrimPrefix(r.glob, "/")
	if r.glob == "" || !doublestar.ValidatePattern(r.glob) {
		return fmt.Errorf("%q is not a valid glob", glob)
	}
	x.rules = append(x.rules, r)
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

// Match reports whether the entry at path p is excluded.
func (x *Patterns) Match(p string, isDir bool) bool {
	if x == nil {
		return false
	}
	for _, r := range x.rules {
		if r.dirOnly && !isDir {
			continue
		}
		subject := p
		if r.byName {
			subject = path.Base(p)
		}
		if doublestar.MatchUnvalidated(r.glob, subject) {
			return true
		}
	}
	return false
}
