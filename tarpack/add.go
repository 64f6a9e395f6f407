package tarpack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar"
)

// AddOptions says how to add to an archive. The zero value is usable.
type AddOptions struct {
	EditOptions
	// Replace takes what is added where the archive has the path already; otherwise the archive's stays, and it is counted as Ignored.
	Replace bool
	// Into is the directory of the archive to add to, made if it is missing; "" is the top.
	Into string
	// Append lets the archive grow in place instead of making a new one: for archives too large to copy. What is there stays where it is, what is new
	// comes after it, out of path order; so the times of directories that were there before are not restored by other tars. It can't go with Replace, and paths
	// below directories that their owner can't write are refused (ErrAppend).
	Append bool
}

// Add adds files and directories to the archive name. Of a directory everything below it is added, at its path below it, as
// Pack does; a file, or anything else, under its own name. Where two of them have a path, the first counts, or with Replace the last.
//
// The errors are those of Open and Pack.
func Add(ctx context.Context, name string, paths []string, o AddOptions) (EditResult, error) {
	if o.Into != "" {
		if err := sidecar.ValidPath(o.Into); err != nil {
			return EditResult{}, fmt.Errorf("%s: %w", printable(o.Into), err)
		}
	}
	if o.Append && o.Replace {
		return EditResult{}, fmt.Errorf("%s: %w: replacing needs a new archive", name, ErrAppend)
	}
	if o.Append {
		if err := needSidecar(ctx, name, o.EditOptions); err != nil {
			return EditResult{}, err
		}
	}
	return edit(ctx, name, o.EditOptions, func(_ *keptArchive, r *rewrite) error {
		r.grow = o.Append
		for _, p := range paths {
			t, err := openAdded(p)
			if err != nil {
				return err
			}
			t.into = o.Into
			r.layers = append(r.layers, layer{tree: t})
		}
		r.choose = func(_ string, children []*child) int {
			best := 0
			for i := range children {
				if children[best].made || o.Replace && !children[i].made {
					best = i
				}
			}
			return best
		}
		return nil
	})
}

// openAdded opens what a path that is to be added leads to.
func openAdded(name string) (*sourceTree, error) {
	fi, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if fi.IsDir() {
		return openTree(name)
	}
	t, err := openTree(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	t.only = filepath.Base(name)
	return t, nil
}
