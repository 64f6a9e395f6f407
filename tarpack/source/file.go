package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/internal/osfile"
)

// File is a Source that is the beginning of one file or block device, or a part of it.
type File struct {
	f      *os.File
	base   int64 // offset of the part in the file
	size   int64
	opened fs.FileInfo
	stamp  atomic.Pointer[changetime.Stamp] // for Unchanged
}

var _ Overwritable = (*File)(nil)

// NewFile returns the first size bytes of f as a Source. Close closes f.
func NewFile(f *os.File, size int64) (*File, error) { return NewPart(f, 0, size) }

// NewPart returns size bytes of f from the offset base as a Source. Close closes f.
func NewPart(f *os.File, base, size int64) (*File, error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	s := &File{f: f, base: base, size: size, opened: fi}
	stamp := changetime.StampOf(fi)
	s.stamp.Store(&stamp)
	return s, nil
}

// ReadAt implements Source. Bytes after the archive in its file are not read.
func (s *File) ReadAt(p []byte, off int64) (int, error) {
	if off >= s.size {
		return 0, io.EOF
	}
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	if rest := s.size - off; int64(len(p)) > rest {
		n, err := s.f.ReadAt(p[:rest], s.base+off)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	return s.f.ReadAt(p, s.base+off)
}

// Size implements Source.
func (s *File) Size() int64 { return s.size }

// Identity implements Source. It consists of the device and inode number of the file, its size, and
// the times of the last change of its content and attributes.
func (s *File) Identity() string { return identity(s.opened) }

// identity describes a file so that any change of it shows, as far as the system records that.
func identity(fi fs.FileInfo) string {
	s := changetime.StampOf(fi)
	return fmt.Sprintf("%d %d %d %d %d", s.Dev, s.Ino, s.Size, s.Modified, s.Changed)
}

// Check implements Source. It compares the file that the name leads to with the one that is open.
func (s *File) Check() error {
	now, err := os.Stat(s.f.Name())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w: it is gone", s.f.Name(), ErrChanged)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case identity(now) != identity(s.opened):
		return fmt.Errorf("%s: %w", s.f.Name(), ErrChanged)
	}
	return nil
}

// Unchanged implements Overwritable. After a rename of another file to the name of this one, the
// error wraps ErrTouched, too. Nothing shows whether a device was written to.
func (s *File) Unchanged(int64, int64) error {
	now, err := changetime.Stat(s.f)
	switch was := *s.stamp.Load(); {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case was == now, !s.opened.Mode().IsRegular():
		return nil
	case was.OnlyAttributes(now):
		return fmt.Errorf("%s: %w", s.f.Name(), ErrTouched)
	}
	return fmt.Errorf("%s: %w", s.f.Name(), ErrChanged)
}

// Accept implements Overwritable.
func (s *File) Accept() {
	if now, err := changetime.Stat(s.f); err == nil && s.stamp.Load().OnlyAttributes(now) {
		s.stamp.Store(&now)
	}
}

// Opened describes the file when the Source was made.
func (s *File) Opened() fs.FileInfo { return s.opened }

// ReadNow implements Source. It reads only what the system has in memory, and always returns false
// on systems that do not reveal what that is.
func (s *File) ReadNow(p []byte, off int64) bool {
	return off >= 0 && int64(len(p)) <= s.size-off && ReadNow(s.f, p, s.base+off)
}

// Fetch implements Source by reading, which brings the bytes into the system's memory.
func (s *File) Fetch(ctx context.Context, off, n int64) error { return ReadThrough(ctx, s, off, n) }

// Map implements Source.
func (s *File) Map() ([]byte, func() error) {
	m, unmap, err := osfile.MapPart(s.f, int(s.size), s.base)
	if err != nil {
		return nil, nil
	}
	return m, unmap
}

// Piece implements Source.
func (s *File) Piece(off, n int64) (Piece, bool, error) {
	return Piece{File: s.f, Offset: s.base + off, Length: n, Release: func() {}}, true, nil
}

// Close implements Source.
func (s *File) Close() error { return s.f.Close() }

// ReadThrough reads n bytes of r from offset off and forgets them.
func ReadThrough(ctx context.Context, r io.ReaderAt, off, n int64) error {
	buf := make([]byte, min(n, 256<<10))
	for n > 0 {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		b := buf[:min(n, int64(len(buf)))]
		if m, err := r.ReadAt(b, off); m < len(b) {
			return err
		}
		off, n = off+int64(len(b)), n-int64(len(b))
	}
	return nil
}
