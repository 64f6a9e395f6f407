package device

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// openDeviceForWriting opens a device that nobody else has mounted or is writing.
func OpenForWriting(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_EXCL, 0) // of a block device that asks the kernel whether somebody uses it
	if err != nil {
		return nil, err
	}
	if err := durable.LockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return f, nil
}

// wipe makes sure that a writer that is killed leaves nothing which could be taken for the old archive: its locator goes, and its T.
func Wipe(f *os.File, room int64) error {
	if room < 2*DeviceBlock {
		return fmt.Errorf("%s: %w: it has %d bytes", f.Name(), format.ErrDevice, room)
	}
	b := make([]byte, locatorSize)
	if _, err := f.ReadAt(b, room-DeviceBlock); err != nil {
		return err
	}
	if l, ok := parseLocator(b, room); ok {
		if _, err := f.WriteAt(make([]byte, format.TrailerSize), l.Archive-format.TrailerSize); err != nil {
			return err
		}
	}
	return errors.Join(ClearBlock(f, room-DeviceBlock), f.Sync())
}

// clearBlock makes one block zero.
func ClearBlock(f *os.File, off int64) error {
	_, err := f.WriteAt(make([]byte, DeviceBlock), off)
	return err
}

// place writes the sidecar and the locator, each when what it speaks of is durable. Of l it fills in where the sidecar is.
func WriteIndex(f *os.File, room int64, l Locator, index io.ReaderAt) error {
	l.Index = (l.Archive + sidecarAlign - 1) / sidecarAlign * sidecarAlign
	w := &Writer{F: f, off: l.Index, Room: room - DeviceBlock}
	if _, err := io.Copy(w, io.NewSectionReader(index, 0, l.Length)); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	b := make([]byte, DeviceBlock)
	copy(b, l.append(nil))
	if _, err := f.WriteAt(b, room-DeviceBlock); err != nil {
		return err
	}
	return f.Sync()
}

// A roomWriter writes into a part of a device.
type Writer struct {
	F         *os.File
	off, Room int64
}

func (w *Writer) Write(b []byte) (int, error) {
	if int64(len(b)) > w.Room-w.off {
		return 0, fmt.Errorf("%s: %w: there is room for %d bytes of archive and index", w.F.Name(), format.ErrDevice, w.Room)
	}
	n, err := w.F.WriteAt(b, w.off)
	w.off += int64(n)
	return n, err
}
