package edit

import (
	"context"
	"errors"

	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
)

// Compact writes the archive name anew: in path order, and with duplicates found again among all of its files. Nothing is
// compressed again.
//
// The errors are those of Open.
func Compact(ctx context.Context, name string, o CompactOptions) (Result, error) {
	res, err := rewrite.Edit(ctx, name, o.rewrite(), func(_ *base.Archive, r *rewrite.Rewrite) error {
		r.Choose = func(string, []*rewrite.Child) int { return 0 }
		r.Always = true
		return nil
	})
	return Result(res), err
}

// Merge joins archives into the archive out, which may be one of them. Content that several of them have is stored once.
// In the result, Kept counts the entries of the new archive, and Ignored those that another archive's took the place of.
//
// The errors are those of Open and Pack.
func Merge(ctx context.Context, out string, names []string, o MergeOptions) (res Result, err error) {
	r := &rewrite.Rewrite{O: o.rewrite(), Base: -1}
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
		r.Layers = append(r.Layers, rewrite.Layer{Kept: k})
	}
	if o.DryRun {
		looked, err := r.Look(ctx, out, false)
		return Result(looked), err
	}
	written, err := r.Write(ctx, dst)
	return Result(written), err
}
