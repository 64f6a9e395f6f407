package edit

import (
	"context"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
)

// Add adds files and directories to the archive name. Of a directory everything below it is added, at its path below it, as
// Pack does; a file, or anything else, under its own name. Where two of them have a path, the first counts, or with Replace the last.
//
// The errors are those of Open and Pack.
func Add(ctx context.Context, name string, paths []string, o AddOptions) (Result, error) {
	if o.Into != "" {
		if err := sidecar.ValidPath(o.Into); err != nil {
			return Result{}, fmt.Errorf("%s: %w", format.Printable(o.Into), err)
		}
	}
	if o.Append && o.Replace {
		return Result{}, fmt.Errorf("%s: %w: replacing needs a new archive", name, format.ErrAppend)
	}
	if o.Append {
		if err := needSidecar(ctx, name, o.Workers, o.DryRun); err != nil {
			return Result{}, err
		}
	}
	res, err := rewrite.Edit(ctx, name, o.rewrite(), func(_ *base.Archive, r *rewrite.Rewrite) error {
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
	return Result(res), err
}
