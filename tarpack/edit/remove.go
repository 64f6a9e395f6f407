package edit

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
)

// Remove removes entries from the archive name. Each pattern is the path of an entry, which is
// removed with everything below it, or else a glob in the syntax of package doublestar. In a glob
// "*" does not match a slash and "**" does. If a file is removed but hard links to it stay, the
// first of them becomes the file.
//
// The error wraps format.ErrNoEntry if a pattern matches no entry; then nothing is removed. The
// other errors are those of tarpack.Open.
func Remove(ctx context.Context, name string, patterns []string, o RemoveOptions) (Result, error) {
	res, err := rewrite.Edit(ctx, name, o.rewrite(), func(k *base.Archive, r *rewrite.Rewrite) error {
		paths, globs, err := resolve(k, patterns)
		if err != nil {
			return err
		}
		named := func(p string) bool {
			return paths[p] || slices.ContainsFunc(globs, func(g string) bool {
				return doublestar.MatchUnvalidated(g, p)
			})
		}
		r.Choose = func(p string, _ []*rewrite.Child) int {
			if named(p) {
				return -1
			}
			return 0
		}
		return k.FindGenuine(func(p string) bool {
			for i := range len(p) {
				if p[i] == '/' && named(p[:i]) {
					return false
				}
			}
			return !named(p)
		})
	})
	return Result(res), err
}

// resolve sorts patterns into paths of the archive and globs that match an entry. Any other pattern
// is an error.
func resolve(
	k *base.Archive, patterns []string,
) (paths map[string]bool, globs []string, err error) {
	paths = map[string]bool{}
	for _, pattern := range patterns {
		p := path.Clean(strings.Trim(pattern, "/"))
		if _, ok, err := k.Index.Lookup(p); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", k.Name, err)
		} else if ok {
			paths[p] = true
			continue
		}
		if !doublestar.ValidatePattern(p) || !strings.ContainsAny(p, `*?[{\`) {
			return nil, nil, fmt.Errorf("%s: %s: %w", k.Name, format.Printable(pattern), format.ErrNoEntry)
		}
		globs = append(globs, p)
	}
	unused := map[string]bool{}
	for _, g := range globs {
		unused[g] = true
	}
	for row, err := range k.Index.All(0, k.Index.Len()) {
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", k.Name, err)
		}
		if len(unused) == 0 {
			break
		}
		for g := range unused {
			if doublestar.MatchUnvalidated(g, string(row.Path)) {
				delete(unused, g)
			}
		}
	}
	for _, g := range globs {
		if unused[g] {
			return nil, nil, fmt.Errorf("%s: %s: %w", k.Name, format.Printable(g), format.ErrNoEntry)
		}
	}
	return paths, globs, nil
}
