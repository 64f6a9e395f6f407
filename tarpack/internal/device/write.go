package device

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// OpenForWriting opens a device that is not mounted, and locks it. The error wraps format.ErrLocked
// if another process has the lock.
func OpenForWriting(name string) (*os.File, error) {
	// With O_EXCL the kernel refuses a block device that is in use.
	f, err := os.OpenFile(name, os.O_RDWR|os.O_EXCL, 0)
	if err != nil {
		return nil, err
	}
	if err := durable.LockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return f, nil
}

// Wipe removes the locator and the T of an old archive, durably. If the writer is killed, what it
// leaves is not taken for that archive. The error wraps format.ErrDevice if room is too small.
func Wipe(f *os.File, room int64) error {
	if room < 2*BlockSize {
		return fmt.Errorf("%s: %w: it has %d bytes", f.Name(), format.ErrDevice, room)
	}
	b := make([]byte, locatorSize)
	if _, err := f.ReadAt(b, room-locatorSize); err != nil {
		return err
	}
	if l, ok := parseLocator(b, room); ok {
		var zeros [format.EndSize]byte
		if _, err := f.WriteAt(zeros[:], l.Archive-format.EndSize); err != nil {
			return err
		}
	}
	return errors.Join(ClearBlock(f, room-BlockSize), f.Sync())
}

// ClearBlock overwrites the BlockSize bytes from off with zeros.
func ClearBlock(f *os.File, off int64) error {
	_, err := f.WriteAt(make([]byte, BlockSize), off)
	return err
}

// WriteIndex writes the sidecar, l.Length bytes of index, and the locator. Each is durable before
// the next is written. It computes l.Index.
func WriteIndex(f *os.File, room int64, l Locator, index io.ReaderAt) error {
	l.Index = (l.Archive + sidecarAlign - 1) / sidecarAlign * sidecarAlign
	w := &Writer{F: f, off: l.Index, Room: room - BlockSize}
	if _, err := io.Copy(w, io.NewSectionReader(index, 0, l.Length)); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	b := make([]byte, BlockSize)
	copy(b[BlockSize-locatorSize:], l.encode())
	if _, err := f.WriteAt(b, room-BlockSize); err != nil {
		return err
	}
	return f.Sync()
}

// Writer writes to the device F, from its beginning. It fails with format.ErrDevice beyond Room
// bytes.
type Writer struct {
	F    *os.File
	Room int64 // bytes that may be written to, from the beginning of F
	off  int64 // of the next byte
}

// Write writes all of b, or nothing if it would go beyond Room.
func (w *Writer) Write(b []byte) (int, error) {
	if int64(len(b)) > w.Room-w.off {
		return 0, fmt.Errorf("%s: %w: there is room for %d bytes of archive and index",
			w.F.Name(), format.ErrDevice, w.Room)
	}
	n, err := w.F.WriteAt(b, w.off)
	w.off += int64(n)
	return n, err
}
