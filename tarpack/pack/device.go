package pack

import (
	"context"
	"errors"
	"os"

	"github.com/tarpack/tpk/tarpack/internal/device"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// packDevice packs the directory dir onto a block device.
func packDevice(ctx context.Context, dir, name string, o Options) (res Result, err error) {
	f, err := device.OpenForWriting(name)
	if err != nil {
		return res, err
	}
	room, err := device.Room(f)
	if err != nil {
		return res, errors.Join(err, f.Close())
	}
	res, err = packOn(ctx, dir, f, room, o)
	return res, errors.Join(err, f.Close())
}

// packOn packs the directory dir into a file of so much room. After an error it holds no archive.
func packOn(ctx context.Context, dir string, f *os.File, room int64, o Options) (res Result, err error) {
	t, err := tree.Open(dir)
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
	p, err := packer.New(&device.Writer{F: f, Room: room - device.DeviceBlock}, o.packer())
	if err == nil {
		var packed packer.Result
		packed, err = p.Run(ctx, func(ctx context.Context) error { return p.Walk(ctx, t) }, index)
		res = Result(packed)
	}
	if err == nil {
		err = device.WriteIndex(f, room, device.Locator{Archive: res.ArchiveBytes, Length: res.SidecarBytes, Digest: p.Digest}, index)
	}
	if err != nil { // what is there is not to be taken for an archive
		return Result{}, errors.Join(err, device.ClearBlock(f, 0), f.Sync())
	}
	if o.RemoveFiles {
		res.Removed, err = p.RemovePacked(ctx, t)
	}
	return res, err
}
