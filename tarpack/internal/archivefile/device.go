package archivefile

import (
	"context"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/device"
)

// OnDevice reports whether the archive is on a device.
func (a *File) OnDevice() bool { return a.Place != nil }

// OpenDevice finds the archive on a device, or in a file, of room bytes, which has more room than
// the archive needs.
func (a *File) OpenDevice(room int64) error {
	t, l, err := device.Find(a.OSFile, room)
	return a.placed(t, l, err)
}

// SearchDevice is OpenDevice for an archive that is about to be indexed, which may have no locator.
func (a *File) SearchDevice(ctx context.Context, room int64) error {
	t, l, err := device.Search(ctx, a.OSFile, room)
	return a.placed(t, l, err)
}

// placed takes over what was found on a device.
func (a *File) placed(t format.Trailer, l device.Locator, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", a.Name, err)
	}
	a.Trailer, a.Size, a.Place = t, t.Offset+format.EndSize, &l
	return nil
}

// openPlaced opens the sidecar that is on the device.
func (a *File) openPlaced() (*sidecar.Index, error) {
	if a.Place.Length == 0 {
		return nil, fmt.Errorf("%s: %w: there is none on the device", a.Name, format.ErrNoSidecar)
	}
	x, unmap, err := device.MapSidecar(a.OSFile, a.Place)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", a.Name, format.ErrStale, err)
	}
	if err := a.checkIndex(x); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", a.Name, err), x.Close(), unmap())
	}
	a.Unmap = unmap
	return x, nil
}
