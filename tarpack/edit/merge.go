package edit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// Merge joins the archives names into the archive out, which may be one of them. Content that
// several of them have is stored once. [MergeOptions.First] decides which archive wins if several
// have an entry at a path. In the result, Kept counts the entries of the new archive, and Ignored
// those that lost to another archive's.
//
// A name may stand for a shard set, unless [MergeOptions.Single] is set. If out is a set, it must
// be one of names, and is changed shard by shard. If out is the name that a set was packed under,
// it is a new archive if another name of the set is one of names; if none is, the error wraps
// format.ErrHidesSet. The error wraps format.ErrPart if out is one shard of a set, or a set that is
// not merged. With Single, a shard may be out if it is also one of names.
//
// The other errors are those of tarpack.Open and pack.Dir.
func Merge(
	ctx context.Context, out string, names []string, o MergeOptions,
) (res Result, err error) {
	r := &rewrite.Rewrite{Options: o.rewrite(), Base: -1, Shard: format.IsShardName(out)}
	r.Choose = func(_ string, children []*rewrite.Child) int {
		if o.First {
			return 0
		}
		return len(children) - 1
	}
	named := shardset.Explicit
	if slices.ContainsFunc(names, func(name string) bool { return sameName(name, out) }) {
		named = shardset.Named
	}
	set, isSet, err := named(out)
	switch {
	case err != nil:
		return Result{}, err
	case isSet && !o.Single:
		return mergeIntoSet(ctx, r, set, out, names, o)
	}
	if err := checkOut(ctx, out, names, o.Single); err != nil {
		return Result{}, err
	}
	var dst *durable.Output
	if !o.DryRun {
		unlock, lockErr := shardset.LockSet(out)
		if lockErr != nil {
			return Result{}, lockErr
		}
		defer func() { err = errors.Join(err, unlock()) }()
		if dst, err = durable.Create(out); err != nil {
			return Result{}, err
		}
		defer func() {
			if !r.Committed {
				err = errors.Join(err, dst.Abort())
			}
		}()
	}
	open := base.OpenAny
	if o.Single {
		open = base.Open
	}
	for i, name := range names {
		k, err := open(ctx, name, i, &indexed.Options{Workers: o.Workers, Notice: o.Notice})
		if err != nil {
			return Result{}, err
		}
		defer k.Close()
		r.Layers = append(r.Layers, rewrite.Layer{Archive: k})
		if isFile(k, out) { // as every edit of an archive that has its index in itself
			r.Options.EmbedIndex = k.HasIndex()
		}
		r.Options.SHA256 = r.Options.SHA256 || k.Index.HasSHA256()
	}
	if o.DryRun {
		found, err := r.Look(ctx, out, false)
		return Result(found), err
	}
	merged, err := r.Write(ctx, dst)
	return Result(merged), err
}

// isFile reports whether the archive k is the file name.
func isFile(k *base.Archive, name string) bool {
	if k.OSFile == nil {
		return false
	}
	opened, err1 := k.OSFile.Stat()
	now, err2 := os.Stat(name)
	return err1 == nil && err2 == nil && os.SameFile(opened, now)
}

// checkOut returns an error if the archive out, which is no set, must not be written. With single
// it may be a shard that is one of names: then that is changed alone. It may have the name of a set
// only if the set is one of names.
func checkOut(ctx context.Context, out string, names []string, single bool) error {
	if single && slices.ContainsFunc(names, func(name string) bool { return sameFile(name, out) }) {
		return nil
	}
	if err := shardset.CheckTarget(out); err != nil {
		return err
	}
	if !single {
		if err := shardset.CheckPart(ctx, out); err != nil {
			return err
		}
	}
	hides := shardset.CheckHides(out)
	if hides == nil {
		return nil
	}
	set, _, err := shardset.Named(out)
	if err != nil {
		return err
	}
	for _, name := range names {
		if s, ok, err := shardset.Named(name); err == nil && ok && shardset.SameSet(s, set) {
			return nil
		}
	}
	return hides
}

// sameName reports whether two names are the same, but for how their directory is spelt.
func sameName(a, b string) bool {
	return a == b ||
		filepath.Base(a) == filepath.Base(b) && sameFile(filepath.Dir(a), filepath.Dir(b))
}

// sameFile reports whether two names are of one file.
func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// mergeIntoSet is Merge for a set out, which is one of names.
func mergeIntoSet(
	ctx context.Context, r *rewrite.Rewrite, set format.SetName, out string, names []string,
	o MergeOptions,
) (Result, error) {
	at := -1
	for i, name := range names {
		s, ok, err := shardset.Named(name)
		if err != nil {
			return Result{}, err
		}
		if ok && shardset.SameSet(s, set) {
			at = i
		}
	}
	if at < 0 {
		return Result{}, fmt.Errorf("%s: %w, and the set is not among the archives that are merged",
			out, format.ErrPart)
	}
	var opened []*base.Archive
	defer func() {
		for _, k := range opened {
			k.Close() // opened for reading only: errors lose nothing
		}
	}()
	res, err := rewrite.EditSet(ctx, out, r, func(k *base.Archive) error {
		for i, name := range names {
			if i == at {
				r.Layers = append(r.Layers, rewrite.Layer{Archive: k})
				continue
			}
			// The set has number 0.
			other, err := base.OpenAny(ctx, name, i+1,
				&indexed.Options{Workers: o.Workers, Notice: o.Notice})
			if err != nil {
				return err
			}
			opened = append(opened, other)
			r.Layers = append(r.Layers, rewrite.Layer{Archive: other})
		}
		r.Base = at
		return nil
	})
	return Result(res), err
}
