package edit

import (
	"context"

	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
)

// Update makes the archive name equal to the tree below dir. Files that are new or have changed are
// packed, entries that are not in the tree are removed, and everything else is copied. Excluded
// files count as missing from the tree. An archive that is already equal is not written.
//
// The errors are those of tarpack.Open and pack.Dir.
func Update(ctx context.Context, name, dir string, o UpdateOptions) (Result, error) {
	ro := o.rewrite()
	res, err := rewrite.Edit(ctx, name, ro, func(k *base.Archive, r *rewrite.Rewrite) error {
		t, err := ro.OpenTree(ctx, dir)
		if err != nil {
			return err
		}
		r.Layers = append(r.Layers, rewrite.Layer{Tree: t})
		r.Checksum = o.Checksum
		if o.RemoveLimit != nil {
			entries := int64(k.Index.Len())
			r.Removals = &packer.Removals{Limit: o.RemoveLimit(entries), Of: entries}
		}
		r.Choose = func(_ string, children []*rewrite.Child) int {
			if last := len(children) - 1; children[last].Layer > r.Base || o.Keep {
				return last
			}
			return -1
		}
		return nil
	})
	return Result(res), err
}
