package archivefile

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// FindEnd finds the end of the archive: at the end of its file, or where its sidecar has it. If an
// index at the end of the file was not committed, the archive ends before it, or even earlier: a
// sidecar, or reading all of it, then shows the first T.
//
// Without a usable sidecar it does not guess. The error is a format.UnfinishedError if an archive
// ends earlier in the file, at most format.SearchedBack bytes, otherwise that of
// format.ReadTrailer.
func (a *File) FindEnd() error {
	t, err := format.ReadTrailer(a.OSFile, a.Size)
	if err == nil {
		a.Trailer = t
		var before *format.UnfinishedError
		if _, err := a.Embedded(); errors.As(err, &before) {
			a.EndAt(before.Trailer)
		}
		return nil
	}
	err = fmt.Errorf("%s: %w", a.Name, err)
	if !errors.Is(err, format.ErrTruncated) && !errors.Is(err, format.ErrCorrupt) {
		return err
	}
	if x, _, sideErr := a.OpenSidecar(); sideErr == nil {
		return x.Close()
	}
	if joined := format.LastJoined(a.OSFile, a.Size); joined != nil {
		return fmt.Errorf("%s: %w", a.Name, joined)
	}
	if t, ok := format.LastTrailer(a.OSFile, a.Size); ok {
		rest := a.Size - t.Offset - format.EndSize
		return fmt.Errorf("%s: %w", a.Name, format.NewUnfinished(a.OSFile, t, rest))
	}
	return err
}

// SearchEnd returns err, an error of FindEnd, unless that is ErrTruncated and an archive ends
// anywhere in the file name. Then it returns a format.UnfinishedError. It may read the whole file.
func SearchEnd(ctx context.Context, name string, err error) error {
	if !errors.Is(err, format.ErrTruncated) {
		return err
	}
	a, openErr := OpenUnread(name)
	if openErr != nil {
		return err
	}
	defer a.OSFile.Close() // opened for reading only: errors lose nothing
	end, searchErr := format.FirstTrailer(ctx, a.OSFile, a.Size)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case searchErr != nil || end < 0 || end >= a.Size:
		return err
	}
	t, readErr := format.ReadTrailer(io.NewSectionReader(a.OSFile, 0, end), end)
	if readErr != nil {
		return err
	}
	return fmt.Errorf("%s: %w", name, format.NewUnfinished(a.OSFile, t, a.Size-end))
}

// EndAt makes the archive end with t. What follows in its file is not part of it.
func (a *File) EndAt(t format.Trailer) {
	end := t.Offset + format.EndSize
	a.Trailer, a.Rest, a.Size = t, a.Size+a.Rest-end, end
}

// cutAtIndexEnd makes the archive end where it did when x was its index. It returns false if the
// file does not continue after that end, or has another trailer there.
func (a *File) cutAtIndexEnd(x *sidecar.Index) bool {
	t := format.Trailer{
		Entries: uint64(x.Len()), Offset: x.ArchiveSize() - format.EndSize, Digest: x.Digest(),
		Features: x.Features(),
	}
	if a.OnDevice() || a.OSFile == nil || t.Offset < 0 || !a.hasMoreAfter(t) {
		return false
	}
	a.EndAt(t)
	return true
}

// hasMoreAfter reports whether t, whole or torn, is at its offset in the file and something follows
// it.
func (a *File) hasMoreAfter(t format.Trailer) bool {
	state := a.stateOf(t)
	return state == format.WholeTrailer || state == format.TornTrailer
}

// isFormer reports whether t is a former trailer, at its offset in the file.
func (a *File) isFormer(t format.Trailer) bool { return a.stateOf(t) == format.FormerTrailer }

// stateOf returns what t is at its offset in the file. It is no trailer if nothing follows it.
func (a *File) stateOf(t format.Trailer) format.TrailerState {
	var b [format.EndSize]byte
	if a.Size <= t.Offset+format.EndSize {
		return format.NoTrailer
	}
	if _, err := a.OSFile.ReadAt(b[:], t.Offset); err != nil {
		return format.NoTrailer
	}
	now, state := format.ParseTrailerState(b[:])
	if now != t {
		return format.NoTrailer
	}
	return state
}

// keptEnd reads an archive as it was when it was opened. Its T is whole, even if an append has
// changed it since.
type keptEnd struct {
	file    io.ReaderAt
	trailer format.Trailer
}

// Scanned returns a reader of all bytes of the archive, with T as it was when the archive was
// opened.
func (a *File) Scanned() io.ReaderAt {
	if a.Trailer == (format.Trailer{}) {
		return a.OSFile
	}
	return keptEnd{a.OSFile, a.Trailer}
}

// ReadAt reads from the file, except for T.
func (k keptEnd) ReadAt(b []byte, off int64) (int, error) {
	n, err := k.file.ReadAt(b, off)
	if at := k.trailer.Offset - off; at < int64(n) && at > -format.EndSize {
		t := k.trailer.Append(nil)
		copy(b[max(at, 0):n], t[max(-at, 0):])
	}
	return n, err
}
