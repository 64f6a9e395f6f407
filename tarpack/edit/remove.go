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

// Remove removes entries from the archive name: for each word, the entry of that path with all that is below it, or else all
// entries whose path it matches as a glob of package doublestar (a * stops at slashes, a ** does not). If a file goes to which hard links lead, the first of
// those that stay becomes the file. A word that stands for nothing is an error (ErrNoEntry), and then nothing is removed.
//
// The errors are those of Open as well.
func Remove(ctx context.Context, name string, words []string, o RemoveOptions) (Result, error) {
	res, err := rewrite.Edit(ctx, name, o.rewrite(), func(k *base.Archive, r *rewrite.Rewrite) error {
		paths, globs, err := resolve(k, words)
		if err != nil {
			return err
		}
		named := func(p string) bool {
			return paths[p] || slices.ContainsFunc(globs, func(g string) bool { return doublestar.MatchUnvalidated(g, p) })
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

// resolve tells which words are paths of the archive, and which are globs that match something in it.
func resolve(k *base.Archive, words []string) (paths map[string]bool, globs []string, err error) {
	paths = map[string]bool{}
	for _, w := range words {
		p := path.Clean(strings.Trim(w, "/"))
		if _, ok, err := k.Index.Lookup(p); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", k.Name, err)
		} else if ok {
			paths[p] = true
			continue
		}
		if !doublestar.ValidatePattern(p) || !strings.ContainsAny(p, `*?[{\`) {
			return nil, nil, fmt.Errorf("%s: %s: %w", k.Name, format.Printable(w), format.ErrNoEntry)
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
