package tarpack

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
)

// A device holds an archive from its first byte on, and more room than that (FORMAT.md 3.2). The archive ends where its T ends. What tells
// where that is without looking for it is the locator, in the device's last 4,096 bytes; it also tells where the sidecar is:
//
//	│ archive … T │ zeros │ sidecar │      …      │ locator │
//	0             size    index                   room − 4,096

const (
	deviceBlock    = 4096
	sidecarAlign   = 64 << 10 // pages of all machines, so that the sidecar could be mapped
	locatorMagic   = "TPKPLACE"
	locatorVersion = 1
	locatorSize    = 56
)

// ErrDevice means that a device can't hold what is to be written.
var ErrDevice = errors.New("the device is too small")

// A locator says where things are on a device.
type locator struct {
	archive int64  // size of the archive, T included
	index   int64  // where the sidecar is
	length  int64  // of the sidecar
	digest  uint64 // of the sidecar, as in T
}

// append appends the locator.
func (l locator) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, locatorMagic...)
	dst = binary.LittleEndian.AppendUint64(dst, locatorVersion)
	for _, v := range []uint64{uint64(l.archive), uint64(l.index), uint64(l.length), l.digest} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	return binary.LittleEndian.AppendUint64(dst, xxhash.Sum64(dst[start:]))
}

// parseLocator reads the locator of a device of room bytes. Without a good one it is not ok.
func parseLocator(b []byte, room int64) (l locator, ok bool) {
	if len(b) < locatorSize || string(b[:8]) != locatorMagic {
		return l, false
	}
	l = locator{
		archive: int64(binary.LittleEndian.Uint64(b[16:])), index: int64(binary.LittleEndian.Uint64(b[24:])),
		length: int64(binary.LittleEndian.Uint64(b[32:])), digest: binary.LittleEndian.Uint64(b[40:]),
	}
	end := room - deviceBlock
	if l.archive < TrailerSize || l.archive > l.index || l.index > end || l.length < 0 || l.length > end-l.index {
		return l, false
	}
	return l, bytes.Equal(l.append(nil), b[:locatorSize])
}

// isDevice: a block device, which has no size of its own that a stat would tell.
func isDevice(fi os.FileInfo) bool {
	return fi.Mode()&os.ModeDevice != 0 && fi.Mode()&os.ModeCharDevice == 0
}

// onDevice: the archive is on a device.
func (a *archiveFile) onDevice() bool { return a.place != nil }

// openRoom finds the archive in a file that has more room than it takes. The locator is only where to look: what counts is T, which must be where it says.
func openRoom(ctx context.Context, f io.ReaderAt, room int64) (t Trailer, l locator, err error) {
	b := make([]byte, locatorSize)
	if room >= deviceBlock {
		if _, err := f.ReadAt(b, room-deviceBlock); err != nil && !errors.Is(err, io.EOF) {
			return t, l, err
		}
		if l, ok := parseLocator(b, room); ok {
			if t, err := readTrailer(f, l.archive); err == nil && t.Digest == l.digest {
				return t, l, nil
			}
		}
	}
	size, err := findTrailer(ctx, f, room)
	if err != nil {
		return t, l, err
	}
	if size < 0 {
		err := whyNoTrailer(f, room)
		if errors.Is(err, ErrTruncated) {
			err = fmt.Errorf("%w: there is no end of a tpk archive on it", ErrTruncated)
		}
		return t, l, err
	}
	t, err = readTrailer(f, size)
	return t, locator{archive: size}, err
}

// findTrailer looks for the first T that was written for where it stands, and returns where it ends; −1 if there is none. It reads as far as that.
func findTrailer(ctx context.Context, f io.ReaderAt, room int64) (int64, error) {
	start := Trailer{}.Append(nil)[:17] // up to the version: of a newer one, too, it is to be said
	buf := make([]byte, 1<<20)
	var head [2]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || head != [2]byte{0x1f, 0x8b} {
		return -1, err // not gzip: why look further
	}
	for off := int64(0); off < room; {
		if err := context.Cause(ctx); err != nil {
			return -1, err
		}
		b := buf[:min(int64(len(buf)), room-off)]
		n, err := f.ReadAt(b, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return -1, err
		}
		b = b[:n]
		for at := 0; ; at++ {
			i := bytes.Index(b[at:], start)
			if i < 0 || at+i+TrailerSize > len(b) {
				break
			}
			at += i
			t, err := ParseTrailer(b[at : at+TrailerSize])
			if errors.Is(err, ErrVersion) || err == nil && t.Offset == off+int64(at) {
				return off + int64(at) + TrailerSize, nil
			}
		}
		if n < len(buf) || off+int64(n) >= room {
			break
		}
		off += int64(n) - TrailerSize + 1
	}
	return -1, nil
}

// openDevice completes an Archive whose file has room for more than the archive.
func (a *archiveFile) openDevice(ctx context.Context, room int64) (err error) {
	var l locator
	if a.trailer, l, err = openRoom(ctx, a.file, room); err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	a.size, a.place = a.trailer.Offset+TrailerSize, &l
	return nil
}

// openPlaced opens the sidecar that is on the device.
func (a *archiveFile) openPlaced() (*sidecar.Index, error) {
	if a.place.length == 0 {
		return nil, fmt.Errorf("%s: %w: there is none on the device", a.name, ErrNoSidecar)
	}
	x, unmap, err := mapSidecar(a.file, a.place)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", a.name, ErrStale, err)
	}
	if err := a.checkIndex(x); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", a.name, err), x.Close(), unmap())
	}
	a.unmap = unmap
	return x, nil
}

// mapSidecar opens the sidecar on a device, mapped if it can be. Unmap is to be called when it is closed.
func mapSidecar(f *os.File, l *locator) (x *sidecar.Index, unmap func() error, err error) {
	if m, err := mmap.MapRegion(f, int(l.length), mmap.RDONLY, 0, l.index); err == nil {
		if x, err = sidecar.OpenBytes(m); err != nil {
			return nil, nil, errors.Join(err, m.Unmap())
		}
		return x, m.Unmap, nil
	}
	x, err = sidecar.OpenReaderAt(io.NewSectionReader(f, l.index, l.length), l.length)
	return x, func() error { return nil }, err
}

// roomOf is how many bytes a device has. It leaves the file's offset where it was.
func roomOf(f *os.File) (int64, error) {
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
