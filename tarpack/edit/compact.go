package edit

import (
	"context"

	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
)

// Compact writes the archive name again in path order, and finds duplicates among all of its files.
// Nothing is compressed again.
//
// The errors are those of tarpack.Open.
func Compact(ctx context.Context, name string, o CompactOptions) (Result, error) {
	res, err := rewrite.Edit(ctx, name, o.rewrite(), func(_ *packer.Base, r *rewrite.Rewrite) error {
		r.Choose = rewrite.FirstLayer
		r.WriteUnchanged = true
		return nil
	})
	return Result(res), err
}
