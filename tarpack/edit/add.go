package edit

import (
	"context"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
)

// AddOptions says how to add to an archive. The zero value is usable.
type AddOptions struct {
	rewrite.Options
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
func Add(ctx context.Context, name string, paths []string, o AddOptions) (rewrite.Result, error) {
	if o.Into != "" {
		if err := sidecar.ValidPath(o.Into); err != nil {
			return rewrite.Result{}, fmt.Errorf("%s: %w", format.Printable(o.Into), err)
		}
	}
	if o.Append && o.Replace {
		return rewrite.Result{}, fmt.Errorf("%s: %w: replacing needs a new archive", name, format.ErrAppend)
	}
	if o.Append {
		if err := needSidecar(ctx, name, o.Options); err != nil {
			return rewrite.Result{}, err
		}
	}
	return rewrite.Edit(ctx, name, o.Options, func(_ *packer.Base, r *rewrite.Rewrite) error {
		r.Grow = o.Append
		for _, p := range paths {
			t, err := openAdded(p)
			if err != nil {
				return err
			}
			t.Into = o.Into
			r.Layers = append(r.Layers, rewrite.Layer{Tree: t})
		}
		r.Choose = func(_ string, children []*rewrite.Child) int {
			best := 0
			for i := range children {
				if children[best].IsParent || o.Replace && !children[i].IsParent {
					best = i
				}
			}
			return best
		}
		return nil
	})
}
