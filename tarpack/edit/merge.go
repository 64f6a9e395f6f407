package edit

import (
	"context"
	"errors"

	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
)

// Merge joins the archives names into the archive out, which may be one of them. Content that
// several of them have is stored once. [MergeOptions.First] decides which archive wins if several
// have an entry at a path. In the result, Kept counts the entries of the new archive, and Ignored
// those that lost to another archive's.
//
// The errors are those of tarpack.Open and pack.Dir.
func Merge(
	ctx context.Context, out string, names []string, o MergeOptions,
) (res Result, err error) {
	r := &rewrite.Rewrite{Options: o.rewrite(), Base: -1}
	r.Choose = func(_ string, children []*rewrite.Child) int {
		if o.First {
			return 0
		}
		return len(children) - 1
	}
	var dst *durable.Output
	if !o.DryRun {
		if dst, err = durable.Create(out); err != nil {
			return Result{}, err
		}
		defer func() {
			if !r.Committed {
				err = errors.Join(err, dst.Abort())
			}
		}()
	}
	for i, name := range names {
		k, err := base.Open(ctx, name, i, &indexed.Options{Workers: o.Workers, Notice: o.Notice})
		if err != nil {
			return Result{}, err
		}
		defer k.Close()
		r.Layers = append(r.Layers, rewrite.Layer{Archive: k})
	}
	if o.DryRun {
		found, err := r.Look(ctx, out, false)
		return Result(found), err
	}
	merged, err := r.Write(ctx, dst)
	return Result(merged), err
}
