package pack

import (
	"context"
	"errors"

	"github.com/tarpack/tpk/tarpack/internal/device"
	"github.com/tarpack/tpk/tarpack/internal/packer"
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
	packed, err := packer.PackOn(ctx, dir, f, room, o.packer())
	return newResult(packed), errors.Join(err, f.Close())
}
