package device

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cespare/xxhash/v2"
	"github.com/edsrzf/mmap-go"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// A device holds an archive from its first byte on, and more room than that (FORMAT.md 3.2). The archive ends where its T ends. What tells
// where that is without looking for it is the locator, in the device's last 4,096 bytes; it also tells where the sidecar is:
//
//	│ archive … T │ zeros │ sidecar │      …      │ locator │
//	0             size    index                   room − 4,096

const (
	DeviceBlock    = 4096
	sidecarAlign   = 64 << 10 // pages of all machines, so that the sidecar could be mapped
	locatorMagic   = "TPKPLACE"
	locatorVersion = 1
	locatorSize    = 56
)

// A locator says where things are on a device.
type Locator struct {
	Archive int64  // size of the archive, T included
	Index   int64  // where the sidecar is
	Length  int64  // of the sidecar
	Digest  uint64 // of the sidecar, as in T
}

// append appends the locator.
func (l Locator) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, locatorMagic...)
	dst = binary.LittleEndian.AppendUint64(dst, locatorVersion)
	for _, v := range []uint64{uint64(l.Archive), uint64(l.Index), uint64(l.Length), l.Digest} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	return binary.LittleEndian.AppendUint64(dst, xxhash.Sum64(dst[start:]))
}

// parseLocator reads the locator of a device of room bytes. Without a good one it is not ok.
func parseLocator(b []byte, room int64) (l Locator, ok bool) {
	if len(b) < locatorSize || string(b[:8]) != locatorMagic {
		return l, false
	}
	l = Locator{
		Archive: int64(binary.LittleEndian.Uint64(b[16:])), Index: int64(binary.LittleEndian.Uint64(b[24:])),
		Length: int64(binary.LittleEndian.Uint64(b[32:])), Digest: binary.LittleEndian.Uint64(b[40:]),
	}
	end := room - DeviceBlock
	if l.Archive < format.TrailerSize || l.Archive > l.Index || l.Index > end || l.Length < 0 || l.Length > end-l.Index {
		return l, false
	}
	return l, bytes.Equal(l.append(nil), b[:locatorSize])
}

// isDevice: a block device, which has no size of its own that a stat would tell.
func Is(fi os.FileInfo) bool {
	return fi.Mode()&os.ModeDevice != 0 && fi.Mode()&os.ModeCharDevice == 0
}

// openRoom finds the archive in a file that has more room than it takes. The locator is only where to look: what counts is T, which must be where it says.
func Find(ctx context.Context, f io.ReaderAt, room int64) (t format.Trailer, l Locator, err error) {
	b := make([]byte, locatorSize)
	if room >= DeviceBlock {
		if _, err := f.ReadAt(b, room-DeviceBlock); err != nil && !errors.Is(err, io.EOF) {
			return t, l, err
		}
		if l, ok := parseLocator(b, room); ok {
			if t, err := format.ReadTrailer(f, l.Archive); err == nil && t.Digest == l.Digest {
				return t, l, nil
			}
		}
	}
	size, err := format.FirstTrailer(ctx, f, room)
	if err != nil {
		return t, l, err
	}
	if size < 0 {
		err := format.WhyNoTrailer(f, room)
		if errors.Is(err, format.ErrTruncated) {
			err = fmt.Errorf("%w: there is no end of a tpk archive on it", format.ErrTruncated)
		}
		return t, l, err
	}
	t, err = format.ReadTrailer(f, size)
	return t, Locator{Archive: size}, err
}

// mapSidecar opens the sidecar on a device, mapped if it can be. Unmap is to be called when it is closed.
func MapSidecar(f *os.File, l *Locator) (x *sidecar.Index, unmap func() error, err error) {
	if m, err := mmap.MapRegion(f, int(l.Length), mmap.RDONLY, 0, l.Index); err == nil {
		if x, err = sidecar.OpenBytes(m); err != nil {
			return nil, nil, errors.Join(err, m.Unmap())
		}
		return x, m.Unmap, nil
	}
	x, err = sidecar.OpenReaderAt(io.NewSectionReader(f, l.Index, l.Length), l.Length)
	return x, func() error { return nil }, err
}

// roomOf is how many bytes a device has. It leaves the file's offset where it was.
func Room(f *os.File) (int64, error) {
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	_, err = f.Seek(at, io.SeekStart)
	return end, err
}
