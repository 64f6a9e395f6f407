package format

import (
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/gzmember"
)

// ReadTrailer returns the T in the last EndSize bytes of an archive of size bytes.
//
// Without a T there, the error wraps ErrNotArchive if the file is empty, not gzip or from another
// program. It wraps ErrTruncated if the file begins like an archive, and ErrCorrupt if T was
// written for another offset. It wraps ErrVersion or ErrDraft if T is of a newer version or of a
// draft; T is returned, too, unless its version is not known.
func ReadTrailer(r io.ReaderAt, size int64) (Trailer, error) {
	if size == 0 {
		return Trailer{}, fmt.Errorf("%w: %w", ErrNotArchive, ForeignEmpty)
	}
	var b [EndSize]byte
	at := max(size-EndSize, 0)
	if _, err := r.ReadAt(b[:size-at], at); err != nil && !errors.Is(err, io.EOF) {
		return Trailer{}, err
	}
	t, err := ParseTrailer(b[:size-at])
	switch {
	case errors.Is(err, ErrNotArchive):
		return Trailer{}, WhyNoTrailer(r, size)
	case t == Trailer{}:
		return Trailer{}, err
	case t.Offset != at:
		return Trailer{}, fmt.Errorf("%w: its trailer was written for offset %d and stands at %d: "+
			"bytes before it are missing, or too many", ErrCorrupt, t.Offset, at)
	}
	return t, err
}

// WhyNoTrailer returns the reason why no T is where it should be, found at the beginning of a file
// of size bytes, at least 1. The error wraps ErrTruncated if that begins like an archive, otherwise
// ErrNotArchive, or it is the error of reading.
func WhyNoTrailer(r io.ReaderAt, size int64) error {
	b := make([]byte, min(size, MaxMember))
	if _, err := r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if b[0] != 0x1f || len(b) > 1 && b[1] != 0x8b {
		return fmt.Errorf("%w: %w", ErrNotArchive, Recognize(b))
	}
	_, _, err := gzmember.Inflate(nil, b, MaxHeader)
	if BeginsUnit(b) || errors.Is(err, gzmember.ErrTruncated) && len(b) < MaxMember {
		return fmt.Errorf("%w: its last %d bytes are not the end of a tpk archive",
			ErrTruncated, EndSize)
	}
	return fmt.Errorf("%w: %w", ErrNotArchive, recognizeGzip(b))
}
