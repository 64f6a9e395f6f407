package tarpack

import (
	"context"
	"errors"
)

// Compact writes the archive name anew: in path order, and with duplicates found again among all of its files. Nothing is
// compressed again.
//
// The errors are those of Open.
func Compact(ctx context.Context, name string, o EditOptions) (EditResult, error) {
	return edit(ctx, name, o, func(_ *keptArchive, r *rewrite) error {
		r.choose = func(string, []*child) int { return 0 }
		r.always = true
		return nil
	})
}

// MergeOptions says how to merge archives. The zero value is usable.
type MergeOptions struct {
	EditOptions
	First bool // where several archives have a path, the first one counts; otherwise the last
}

// Merge joins archives into the archive out, which may be one of them. Content that several of them have is stored once.
// In the result, Kept counts the entries of the new archive, and Ignored those that another archive's took the place of.
//
// The errors are those of Open and Pack.
func Merge(ctx context.Context, out string, names []string, o MergeOptions) (res EditResult, err error) {
	r := &rewrite{o: o.EditOptions, base: -1}
	r.choose = func(_ string, children []*child) int {
		if o.First {
			return 0
		}
		return len(children) - 1
	}
	var dst *output
	if !o.DryRun {
		if dst, err = createOutput(out); err != nil {
			return EditResult{}, err
		}
		defer func() {
			if !r.committed {
				err = errors.Join(err, dst.abort())
			}
		}()
	}
	for i, name := range names {
		k, err := openKept(ctx, name, i, &OpenOptions{Workers: o.Workers, Notice: o.Notice})
		if err != nil {
			return EditResult{}, err
		}
		defer k.close()
		r.layers = append(r.layers, layer{kept: k})
	}
	if o.DryRun {
		return r.look(ctx, out, false)
	}
	return r.write(ctx, dst)
}
