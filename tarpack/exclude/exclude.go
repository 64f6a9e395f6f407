package exclude

import (
	"bufio"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// An Excluder holds globs that say what not to pack.
//
// A glob without a slash, as "*.tmp", is matched against each name, anywhere in the tree. One with a
// slash inside, as "build/**" or "/cache", against the whole path. One that ends in a slash, as ".git/",
// matches directories only. What is below an excluded directory is excluded with it. Globs are those of
// package doublestar: *, ?, [a-z], {a,b} and ** for any number of directories.
type Patterns struct {
	rules []excludeRule
}

type excludeRule struct {
	glob    string
	byName  bool
	dirOnly bool
}

// Add adds a glob. It fails when the glob is malformed.
func (x *Patterns) Add(glob string) error {
	r := excludeRule{glob: strings.TrimSuffix(glob, "/")}
	r.dirOnly = r.glob != glob
	r.byName = !strings.Contains(r.glob, "/")
	r.glob = strings.TrimPrefix(r.glob, "/")
	if r.glob == "" || !doublestar.ValidatePattern(r.glob) {
		return fmt.Errorf("%q is not a valid glob", glob)
	}
	x.rules = append(x.rules, r)
	return nil
}

// AddFrom adds the globs in r, one a line. Empty lines and lines that start with # say nothing.
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

// Match tells whether the entry at the path p is excluded. A nil Excluder excludes nothing.
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
