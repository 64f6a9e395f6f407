package packer

import (
	"context"
	"errors"
	"os"

	"github.com/tarpack/tpk/tarpack/internal/device"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// PackOn packs the directory dir onto a device of room bytes, and then removes what it packed if
// o.RemoveFiles is set. After an error in packing there is no archive on the device.
func PackOn(
	ctx context.Context, dir string, f *os.File, room int64, o Options,
) (res Result, err error) {
	t, err := o.OpenTree(ctx, dir)
	if err != nil {
		return res, err
	}
	defer t.Close()
	index, err := durable.ScratchFile("")
	if err != nil {
		return res, err
	}
	defer index.Close()
	if err := device.Wipe(f, room); err != nil {
		return res, err
	}
	p, err := New(&device.Writer{F: f, Room: room - device.BlockSize}, o)
	if err == nil {
		res, err = p.Run(ctx, func(ctx context.Context) error { return p.Walk(ctx, t) }, index)
	}
	if err == nil {
		at := device.Locator{Archive: res.ArchiveBytes, Length: res.SidecarBytes, Digest: res.Digest}
		err = device.WriteIndex(f, room, at, index)
	}
	if err != nil { // the bytes there must not pass for an archive
		return Result{}, errors.Join(err, device.ClearBlock(f, 0), f.Sync())
	}
	if o.RemoveFiles {
		res.Removed, err = p.RemovePacked(ctx, t)
	}
	return res, err
}
