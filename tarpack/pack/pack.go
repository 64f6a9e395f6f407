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
func Pack(ctx context.Context, dir, out string, o packer.Options) (packer.Result, error) {
	if fi, err := os.Stat(out); err == nil && device.Is(fi) {
		return packDevice(ctx, dir, out, o)
	}
	dst, err := durable.Create(out)
	if err != nil {
		return packer.Result{}, err
	}
	p, err := packer.New(dst.Archive, o)
	if err != nil {
		return packer.Result{}, errors.Join(err, dst.Abort())
	}
	p.Out.File = dst.Archive
	if err := p.SkipOutput(dst); err != nil {
		return packer.Result{}, errors.Join(err, dst.Abort())
	}
	t, err := tree.Open(dir)
	if err != nil {
		return packer.Result{}, errors.Join(err, dst.Abort())
	}
	defer t.Close()
	res, err := p.Run(ctx, func(ctx context.Context) error { return p.Walk(ctx, t) }, dst.Sidecar)
	if err != nil {
		return packer.Result{}, errors.Join(err, dst.Abort())
	}
	if err := dst.Commit(); err != nil {
		return packer.Result{}, err
	}
	if o.RemoveFiles {
		res.Removed, err = p.RemovePacked(ctx, t)
	}
	return res, err
}

// PackStream packs the directory dir into w and writes no sidecar; it can be rebuilt. On an error w has
// got part of an archive.
func PackStream(ctx context.Context, dir string, w io.Writer, o packer.Options) (packer.Result, error) {
	p, err := packer.New(w, o)
	if err != nil {
		return packer.Result{}, err
	}
	// The trailer holds the sidecar's digest, so the sidecar is made all the same.
	tmp, err := durable.ScratchFile("")
	if err != nil {
		return packer.Result{}, err
	}
	defer tmp.Close()
	t, err := tree.Open(dir)
	if err != nil {
		return packer.Result{}, err
	}
	defer t.Close()
	res, err := p.Run(ctx, func(ctx context.Context) error { return p.Walk(ctx, t) }, tmp)
	res.SidecarBytes = 0
	return res, err
}
