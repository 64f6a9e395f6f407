package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// Is reports whether fi is a block device. The size that stat returns for one is 0.
func Is(fi os.FileInfo) bool {
	return fi.Mode()&os.ModeDevice != 0 && fi.Mode()&os.ModeCharDevice == 0
}

// Find returns the trailer and the locator of the archive at the beginning of f, which has room
// bytes. The error wraps format.ErrNotArchive if no archive seems to begin there. It wraps
// format.ErrUnplaced without a locator that leads to a T with the same digest.
func Find(f io.ReaderAt, room int64) (t format.Trailer, l Locator, err error) {
	b := make([]byte, locatorSize)
	if room >= BlockSize {
		if _, err := f.ReadAt(b, room-locatorSize); err != nil && !errors.Is(err, io.EOF) {
			return t, l, err
		}
		if l, ok := parseLocator(b, room); ok {
			t, err := format.ReadTrailer(f, l.Archive)
			if t != (format.Trailer{}) && t.Digest == l.Digest {
				return t, l, err
			}
		}
	}
	if room == 0 {
		return t, l, fmt.Errorf("%w: it is empty", format.ErrNotArchive)
	}
	if err = format.WhyNoTrailer(f, room); errors.Is(err, format.ErrTruncated) {
		err = format.ErrUnplaced
	}
	return t, l, err
}

// Search is Find for an archive that may have no locator, as another program copied it to the
// device: it searches for the first T. The index of the archive must then be built, which shows
// whether this T is the end, and not part of a file. The locator that it returns has no sidecar.
func Search(
	ctx context.Context, f io.ReaderAt, room int64,
) (t format.Trailer, l Locator, err error) {
	if t, l, err = Find(f, room); !errors.Is(err, format.ErrUnplaced) {
		return t, l, err
	}
	size, err := format.FirstTrailer(ctx, f, room)
	switch {
	case err != nil:
		return t, l, err
	case size < 0:
		return t, l, fmt.Errorf("%w: there is no end of a tpk archive on it", format.ErrTruncated)
	}
	t, err = format.ReadTrailer(f, size)
	return t, Locator{Archive: size}, err
}

// MapSidecar opens the sidecar on a device, mapped if possible. The caller calls unmap after it has
// closed x.
func MapSidecar(f *os.File, l *Locator) (x *sidecar.Index, unmap func() error, err error) {
	if m, err := osfile.Map(f, int(l.Length), l.Index); err == nil {
		if x, err = sidecar.OpenBytes(m); err != nil {
			return nil, nil, errors.Join(err, m.Unmap())
		}
		return x, m.Unmap, nil
	}
	x, err = sidecar.OpenReaderAt(io.NewSectionReader(f, l.Index, l.Length), l.Length)
	return x, func() error { return nil }, err
}

// Room returns the number of bytes of a device. It leaves the file's offset where it was.
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
