package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// packDevice packs the directory dir onto a block device.
func packDevice(ctx context.Context, dir, name string, o PackOptions) (res PackResult, err error) {
	f, err := openDeviceForWriting(name)
	if err != nil {
		return res, err
	}
	room, err := roomOf(f)
	if err != nil {
		return res, errors.Join(err, f.Close())
	}
	res, err = packOn(ctx, dir, f, room, o)
	return res, errors.Join(err, f.Close())
}

// openDeviceForWriting opens a device that nobody else has mounted or is writing.
func openDeviceForWriting(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_EXCL, 0) // of a block device that asks the kernel whether somebody uses it
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return f, nil
}

// packOn packs the directory dir into a file of so much room. After an error it holds no archive.
func packOn(ctx context.Context, dir string, f *os.File, room int64, o PackOptions) (res PackResult, err error) {
	t, err := openTree(dir)
	if err != nil {
		return res, err
	}
	defer t.close()
	index, err := scratchFile("")
	if err != nil {
		return res, err
	}
	defer index.Close()
	if err := wipe(f, room); err != nil {
		return res, err
	}
	p, err := newPacker(&roomWriter{f: f, room: room - deviceBlock}, o)
	if err == nil {
		res, err = p.run(ctx, func(ctx context.Context) error { return p.walk(ctx, t) }, index)
	}
	if err == nil {
		err = place(f, room, locator{archive: res.ArchiveBytes, length: res.SidecarBytes, digest: p.digest}, index)
	}
	if err != nil { // what is there is not to be taken for an archive
		return PackResult{}, errors.Join(err, clearBlock(f, 0), f.Sync())
	}
	if o.RemoveFiles {
		res.Removed, err = p.removePacked(ctx, t)
	}
	return res, err
}

// wipe makes sure that a writer that is killed leaves nothing which could be taken for the old archive: its locator goes, and its T.
func wipe(f *os.File, room int64) error {
	if room < 2*deviceBlock {
		return fmt.Errorf("%s: %w: it has %d bytes", f.Name(), ErrDevice, room)
	}
	b := make([]byte, locatorSize)
	if _, err := f.ReadAt(b, room-deviceBlock); err != nil {
		return err
	}
	if l, ok := parseLocator(b, room); ok {
		if _, err := f.WriteAt(make([]byte, TrailerSize), l.archive-TrailerSize); err != nil {
			return err
		}
	}
	return errors.Join(clearBlock(f, room-deviceBlock), f.Sync())
}

// clearBlock makes one block zero.
func clearBlock(f *os.File, off int64) error {
	_, err := f.WriteAt(make([]byte, deviceBlock), off)
	return err
}

// place writes the sidecar and the locator, each when what it speaks of is durable. Of l it fills in where the sidecar is.
func place(f *os.File, room int64, l locator, index io.ReaderAt) error {
	l.index = (l.archive + sidecarAlign - 1) / sidecarAlign * sidecarAlign
	w := &roomWriter{f: f, off: l.index, room: room - deviceBlock}
	if _, err := io.Copy(w, io.NewSectionReader(index, 0, l.length)); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	b := make([]byte, deviceBlock)
	copy(b, l.append(nil))
	if _, err := f.WriteAt(b, room-deviceBlock); err != nil {
		return err
	}
	return f.Sync()
}

// A roomWriter writes into a part of a device.
type roomWriter struct {
	f         *os.File
	off, room int64
}

func (w *roomWriter) Write(b []byte) (int, error) {
	if int64(len(b)) > w.room-w.off {
		return 0, fmt.Errorf("%s: %w: there is room for %d bytes of archive and index", w.f.Name(), ErrDevice, w.room)
	}
	n, err := w.f.WriteAt(b, w.off)
	w.off += int64(n)
	return n, err
}

// newLocator is the locator for a sidecar that was made of an archive.
func newLocator(res IndexResult, size int64) locator {
	return locator{archive: size, length: res.SidecarBytes, digest: res.Digest}
}

// reindexDevice writes the sidecar of the archive on a device behind it, and the locator.
func reindexDevice(ctx context.Context, a *archiveFile, o IndexOptions) (res IndexResult, err error) {
	index, err := scratchFile(o.TempDir)
	if err != nil {
		return res, err
	}
	defer index.Close()
	f, err := openDeviceForWriting(a.name)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	room, err := roomOf(f)
	if err != nil {
		return res, err
	}
	if res, err = BuildIndex(ctx, f, a.size, index, o); err != nil {
		return res, fmt.Errorf("%s: %w", a.name, err)
	}
	return res, place(f, room, newLocator(res, a.size), index)
}
