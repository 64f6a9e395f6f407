package archivefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/device"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// An archiveFile is the open file of an archive, and where in it the archive ends. It has no index.
type File struct {
	Name    string
	OSFile  *os.File        // nil for a set
	Place   *device.Locator // on a device; nil for a file of its own
	Size    int64
	Rest    int64 // bytes that follow in its file, of an append that is not finished
	Trailer format.Trailer
	Unmap   func() error // what there is to do after the index is closed; nil: nothing
}

// maxTries is how often an archive is opened that changes meanwhile.
const MaxTries = 3

// openArchive opens an archive without an index.
func Open(name string) (*File, error) {
	return OpenContext(context.Background(), name)
}

// openArchiveContext is openArchive with a context that can end the search for the end of an archive on a device.
func OpenContext(ctx context.Context, name string) (*File, error) {
	for tries := 1; ; tries++ {
		a, err := OpenUnread(name)
		if err != nil {
			return nil, err
		}
		if a.OnDevice() {
			err = a.OpenDevice(ctx, a.Size)
		} else {
			err = a.FindEnd()
		}
		if err == nil {
			return a, nil
		}
		moved := a.HasMoved()
		a.OSFile.Close()
		if !moved || tries == MaxTries {
			return nil, err
		}
	}
}

// findEnd finds out where the archive in a file ends: with T at its end, or, where that is not there, where its sidecar says, before what an append
// has left that was not finished.
func (a *File) FindEnd() error {
	t, err := format.ReadTrailer(a.OSFile, a.Size)
	if err == nil {
		a.Trailer = t
		return nil
	}
	err = fmt.Errorf("%s: %w", a.Name, err)
	if !errors.Is(err, format.ErrTruncated) && !errors.Is(err, format.ErrCorrupt) {
		return err
	}
	if x, _, sideErr := a.OpenSidecar(); sideErr == nil {
		return x.Close()
	}
	if t, ok := format.LastTrailer(a.OSFile, a.Size); ok {
		return fmt.Errorf("%s: %w", a.Name, &format.UnfinishedError{Trailer: t, Rest: a.Size - t.Offset - format.TrailerSize})
	}
	return err
}

// hasMoved tells whether the name leads to something else by now, or its file has another size.
func (a *File) HasMoved() bool {
	opened, err := a.OSFile.Stat()
	if err != nil || device.Is(opened) {
		return false
	}
	now, err := os.Stat(a.Name)
	return err == nil && (!os.SameFile(now, opened) || now.Size() != a.Size+a.Rest)
}

// openFile opens the file of an archive and looks at nothing in it. Of a device the size is that of all of it.
func OpenUnread(name string) (*File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|durable.OpenNonblock, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	size := int64(0)
	switch {
	case err != nil:
	case device.Is(fi):
		size, err = device.Room(f)
	case fi.Mode().IsRegular():
		size = fi.Size()
	default:
		kind := "not a regular file"
		if fi.IsDir() {
			kind = "a directory"
		}
		err = fmt.Errorf("%s: %w: it is %s", name, format.ErrNotArchive, kind)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	a := &File{Name: name, OSFile: f, Size: size}
	if device.Is(fi) {
		a.Place = &device.Locator{}
	}
	return a, nil
}

// openSidecar opens the sidecar that belongs to the archive, and returns its name. The error wraps ErrNoSidecar or ErrStale.
func (a *File) OpenSidecar() (x *sidecar.Index, name string, err error) {
	if a.OnDevice() {
		x, err = a.openPlaced()
		return x, a.Name, err
	}
	name = a.Name + format.SidecarSuffix
	if x, err = a.OpenSidecarAt(name); err == nil {
		return x, name, nil
	}
	// Where the archive is reached through a symbolic link, the sidecar may lie beside the file itself.
	if real, realErr := filepath.EvalSymlinks(a.Name); realErr == nil && real != a.Name {
		if x, err := a.OpenSidecarAt(real + format.SidecarSuffix); err == nil {
			return x, real + format.SidecarSuffix, nil
		}
	}
	return nil, name, err
}

func (a *File) OpenSidecarAt(name string) (*sidecar.Index, error) {
	x, err := sidecar.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w: there is no %s", a.Name, format.ErrNoSidecar, filepath.Base(name))
	case errors.Is(err, sidecar.ErrCorrupt), errors.Is(err, sidecar.ErrVersion):
		return nil, fmt.Errorf("%w: %w", format.ErrStale, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", format.ErrNoSidecar, err)
	}
	err = a.checkIndex(x)
	if err != nil && a.cutAtIndexEnd(x) {
		err = a.checkIndex(x)
	}
	if err != nil {
		x.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return x, nil
}

// checkIndex makes sure that an index is that of the archive (FORMAT.md 3).
func (a *File) checkIndex(x *sidecar.Index) error {
	switch t := a.Trailer; {
	case x.ArchiveSize() != a.Size:
		return fmt.Errorf("%w: it is for an archive of %d bytes, %s has %d", format.ErrStale, x.ArchiveSize(), a.Name, a.Size)
	case x.Digest() != t.Digest:
		return fmt.Errorf("%w: its digest is %016x, %s names %016x", format.ErrStale, x.Digest(), a.Name, t.Digest)
	case uint64(x.Len()) != t.Entries:
		return fmt.Errorf("%w: it has %d entries, %s has %d", format.ErrStale, x.Len(), a.Name, t.Entries)
	}
	return nil
}

// isStill makes sure that nobody has replaced the archive between its opening and the lock.
func (a *File) IsStill(name string) error {
	now, err := os.Stat(name)
	if err != nil {
		return err
	}
	opened, err := a.OSFile.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(now, opened) {
		return fmt.Errorf("%s: %w", name, format.ErrChanged)
	}
	return nil
}
