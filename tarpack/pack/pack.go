package pack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/device"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// Dir packs the directory dir into the archive out and its sidecar. Both appear, or neither: after
// an error, an archive of that name is as it was. The same tree gives the same bytes, whatever the
// number of workers.
//
// If out is a block device, archive and sidecar are written to it, from its beginning (FORMAT.md
// 3.2). What was on the device is lost as soon as packing begins. A mounted device is refused.
//
// A file that cannot be read, or changes while it is packed (format.ErrChanged), ends the run; the
// error names the path. A second writer of the same archive gets format.ErrLocked.
func Dir(ctx context.Context, dir, out string, o Options) (Result, error) {
	if fi, err := os.Stat(out); err == nil && device.Is(fi) {
		if o.Base != "" {
			return Result{}, fmt.Errorf("%s: %w: Base excludes devices", out, os.ErrInvalid)
		}
		if o.Siblings != nil {
			return Result{}, fmt.Errorf("%s: %w: Siblings excludes devices", out, os.ErrInvalid)
		}
		if o.EmbedIndex {
			return Result{}, indexed.NotEmbeddable(out, "a device has one behind the archive")
		}
		return packDevice(ctx, dir, out, o)
	}
	if o.Base != "" {
		return packWithBase(ctx, dir, out, o)
	}
	po := o.packer()
	dst, err := shardset.CreateArchive(out)
	if err != nil {
		return Result{}, err
	}
	t, err := po.OpenTree(ctx, dir)
	if err != nil {
		return Result{}, errors.Join(err, dst.Abort())
	}
	defer t.Close()
	p, packed, err := packInto(ctx, dst, po, walkTree(t))
	if err != nil {
		return Result{}, err
	}
	if o.RemoveFiles {
		packed.Removed, err = p.RemovePacked(ctx, t)
	}
	return newResult(packed), err
}

// A walk submits all entries of what is packed.
type walk func(context.Context, *packer.Packer) error

func walkTree(t *tree.Tree) walk {
	return func(ctx context.Context, p *packer.Packer) error { return p.Walk(ctx, t) }
}

// packInto writes an archive to dst and puts it in its place. After an error dst is aborted.
func packInto(
	ctx context.Context, dst *durable.Output, o packer.Options, walk walk,
) (*packer.Packer, packer.Result, error) {
	if !o.EmbedIndex {
		if err := durable.CheckIndexName(dst.Name); err != nil {
			return nil, packer.Result{}, errors.Join(err, dst.Abort())
		}
	}
	p, err := packer.New(dst.Archive, o)
	if err != nil {
		return nil, packer.Result{}, errors.Join(err, dst.Abort())
	}
	p.Out.File, p.Shard = dst.Archive, format.IsShardName(dst.Name)
	if err := p.SkipOutput(dst); err != nil {
		return nil, packer.Result{}, errors.Join(err, dst.Abort())
	}
	packed, err := p.Run(ctx, func(ctx context.Context) error { return walk(ctx, p) }, dst.Sidecar)
	if err == nil {
		err = packed.Embed(ctx, dst, &o)
	}
	if err != nil {
		return nil, packer.Result{}, errors.Join(err, dst.Abort())
	}
	return p, packed, dst.Commit()
}

// Stream packs the directory dir into w. It writes no sidecar, which can be rebuilt from the
// archive, unless Sidecar takes it or EmbedIndex puts it into the archive. After an error w has
// received part of an archive.
func Stream(ctx context.Context, dir string, w io.Writer, o StreamOptions) (Result, error) {
	po := o.packer()
	t, err := po.OpenTree(ctx, dir)
	if err != nil {
		return Result{}, err
	}
	defer t.Close()
	to := packer.Stream{Archive: w, Sidecar: o.Sidecar, Shard: o.Shard}
	packed, err := to.Pack(ctx, po, walkTree(t))
	return newResult(packed), err
}
