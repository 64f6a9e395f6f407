package edit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// openAdded opens what a path that is to be added leads to.
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

// needSidecar makes the sidecar of an archive that has none: it tells where the archive ends as long as it grows.
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
	a, err := indexed.Open(ctx, name, &indexed.Options{NoIndex: true})
	if err == nil {
		return a.Close()
	}
	if errors.Is(err, format.ErrNoSidecar) || errors.Is(err, format.ErrStale) {
		_, err = tarpack.Reindex(ctx, name, tarpack.ReindexOptions{Workers: workers})
	}
	return err
}

// Update makes the archive name equal to the tree dir: what is new or has changed in the tree is packed, what is gone is
// removed, and the rest is copied as it is. What is excluded counts as not being in the tree. An archive that is equal already is not touched.
//
// The errors are those of Open and Pack.
func Update(ctx context.Context, name, dir string, o UpdateOptions) (Result, error) {
	res, err := rewrite.Edit(ctx, name, o.rewrite(), func(_ *base.Archive, r *rewrite.Rewrite) error {
		t, err := tree.Open(dir)
		if err != nil {
			return err
		}
		r.Layers = append(r.Layers, rewrite.Layer{Tree: t})
		r.Checksum = o.Checksum
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
