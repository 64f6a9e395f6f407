package pack

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/tarpack/tpk/tarpack/internal/device"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// Pack packs the directory dir into the archive out and its sidecar, both or neither: on an error whatever stood
// there before is untouched. The same tree gives the same bytes, whatever the number of workers.
//
// If out is a block device, the archive and its sidecar are written on it, from its beginning (FORMAT.md 3.2). What was there is lost
// as soon as packing begins. A device that is mounted is refused.
//
// A file that cannot be read, or changes while it is read, fails the whole (ErrChanged), with the path in
// the error; so does a second writer of the same archive (ErrLocked).
func Pack(ctx context.Context, dir, out string, o Options) (Result, error) {
	if fi, err := os.Stat(out); err == nil && device.Is(fi) {
		return packDevice(ctx, dir, out, o)
	}
	dst, err := durable.Create(out)
	if err != nil {
		return Result{}, err
	}
	p, err := packer.New(dst.Archive, o.packer())
	if err != nil {
		return Result{}, errors.Join(err, dst.Abort())
	}
	p.Out.File = dst.Archive
	if err := p.SkipOutput(dst); err != nil {
		return Result{}, errors.Join(err, dst.Abort())
	}
	t, err := tree.Open(dir)
	if err != nil {
		return Result{}, errors.Join(err, dst.Abort())
	}
	defer t.Close()
	packed, err := p.Run(ctx, func(ctx context.Context) error { return p.Walk(ctx, t) }, dst.Sidecar)
	if err != nil {
		return Result{}, errors.Join(err, dst.Abort())
	}
	if err := dst.Commit(); err != nil {
		return Result{}, err
	}
	if o.RemoveFiles {
		packed.Removed, err = p.RemovePacked(ctx, t)
	}
	return newResult(packed), err
}

// Stream packs the directory dir into w and writes no sidecar; it can be rebuilt. On an error w has
// got part of an archive.
func Stream(ctx context.Context, dir string, w io.Writer, o StreamOptions) (Result, error) {
	p, err := packer.New(w, o.packer())
	if err != nil {
		return Result{}, err
	}
	// The trailer holds the sidecar's digest, so the sidecar is made all the same.
	tmp, err := durable.ScratchFile("")
	if err != nil {
		return Result{}, err
	}
	defer tmp.Close()
	t, err := tree.Open(dir)
	if err != nil {
		return Result{}, err
	}
	defer t.Close()
	packed, err := p.Run(ctx, func(ctx context.Context) error { return p.Walk(ctx, t) }, tmp)
	packed.SidecarBytes = 0
	return newResult(packed), err
}
