package edit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// ErrNotDir: what entries are to be added below is no directory.
var ErrNotDir = errors.New("it is no directory, so nothing can be added below it")

// Add adds files and directories to the archive name. The entries below a directory keep their
// paths relative to it, as in pack.Dir. A file, or a link, is added under its base name. If
// several of paths contain the same entry, the first counts, or with Replace the last.
//
// The errors are those of tarpack.Open and pack.Dir. The error wraps format.ErrAppend if Append
// cannot add an entry in place, and ErrNotDir if something else has the place of Into.
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
		if err := refuseSet(ctx, name, o.Single); err != nil {
			return Result{}, err
		}
		if err := needSidecar(ctx, name, o.Workers, o.DryRun); err != nil {
			return Result{}, err
		}
	}
	ro := o.rewrite()
	res, err := rewrite.Edit(ctx, name, ro, func(a *base.Archive, r *rewrite.Rewrite) error {
		if err := checkInto(a, o.Into); err != nil {
			return err
		}
		r.Grow = o.Append
		for _, p := range paths {
			t, err := openAdded(p)
			if err != nil {
				return err
			}
			t.Into = o.Into
			r.Layers = append(r.Layers, rewrite.Layer{Tree: t}) // to be closed
			if err := ro.Prepare(ctx, p, t); err != nil {
				return err
			}
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

// checkInto returns an error if into, or a part of it, is in the archive and is no directory.
// Nothing could be added below it.
func checkInto(a *base.Archive, into string) error {
	for end := range len(into) + 1 {
		if end < len(into) && into[end] != '/' {
			continue
		}
		dir := into[:end]
		i, ok, err := a.Index.Lookup(dir)
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		e, err := a.Index.Entry(i)
		if err != nil {
			return err
		}
		if e.Type != sidecar.TypeDir {
			return fmt.Errorf("%s: %s: %w", a.Name, format.Printable(dir), ErrNotDir)
		}
	}
	return nil
}

// refuseSet returns an error if name stands for a set, which does not grow in place.
func refuseSet(ctx context.Context, name string, single bool) error {
	if single {
		return nil
	}
	_, isSet, err := shardset.ToEdit(ctx, name)
	if err == nil && isSet {
		err = fmt.Errorf("%s: %w: a shard set does not grow in place", name, format.ErrAppend)
	}
	return err
}

// openAdded opens name as a tree: a directory with everything below it, or a single entry of the
// directory that contains it.
func openAdded(name string) (*tree.Tree, error) {
	fi, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if fi.IsDir() {
		return tree.Open(name)
	}
	t, err := tree.Open(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	t.Only = filepath.Base(name)
	return t, nil
}

// needSidecar writes the sidecar of an archive that has no usable one. While an archive grows, only
// its sidecar records where its last complete version ends.
func needSidecar(ctx context.Context, name string, workers int, dryRun bool) error {
	if fi, err := os.Stat(name); err != nil {
		return err
	} else if !fi.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", name, format.ErrNotRegular)
	}
	if dryRun {
		return nil
	}
	if err := archivefile.Recover(name); err != nil {
		return err
	}
	return indexed.NeedSidecar(ctx, name, scan.Options{Workers: workers})
}
