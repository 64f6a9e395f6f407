package pack

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// packWithBase packs the directory dir into the archive out, and copies unchanged files from
// o.Base.
func packWithBase(ctx context.Context, dir, out string, o Options) (res Result, err error) {
	if o.RemoveFiles || o.SkipUnreadable {
		const why = "Base excludes RemoveFiles and SkipUnreadable"
		return Result{}, fmt.Errorf("%s: %w: %s", dir, os.ErrInvalid, why)
	}
	po := o.packer()
	po.NewOwners = true // the archive is the one that Dir writes without Base
	dst, err := shardset.CreateArchive(out)
	if err != nil {
		return Result{}, err
	}
	r := &rewrite.Rewrite{
		Options: rewrite.Options{Options: po}, Shard: format.IsShardName(out),
	}
	defer func() {
		if !r.Committed {
			err = errors.Join(err, dst.Abort())
		}
	}()
	t, err := po.OpenTree(ctx, dir)
	if err != nil {
		return Result{}, err
	}
	defer t.Close()
	k, err := base.OpenAny(ctx, o.Base, 0, &indexed.Options{Workers: o.Workers, Notice: o.Notice})
	if err != nil {
		return Result{}, err
	}
	defer k.Close()
	if k.Rest > 0 {
		err := format.NewUnfinished(k.OSFile, k.Trailer, k.Rest)
		return Result{}, fmt.Errorf("%s: %w", o.Base, err)
	}
	r.Layers = []rewrite.Layer{{Archive: k}, {Tree: t}}
	r.Choose = func(_ string, children []*rewrite.Child) int {
		if last := len(children) - 1; children[last].Layer > 0 {
			return last
		}
		return -1
	}
	packed, err := r.Write(ctx, dst)
	return Result{
		Stats: packed.Stats, ArchiveBytes: packed.ArchiveBytes, SidecarBytes: packed.SidecarBytes,
	}, err
}
