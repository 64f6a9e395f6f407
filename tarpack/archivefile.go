package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar"
)

// An archiveFile is the open file of an archive, and where in it the archive ends. It has no index.
type archiveFile struct {
	name    string
	file    *os.File // nil for a set
	place   *locator // on a device; nil for a file of its own
	size    int64
	rest    int64 // bytes that follow in its file, of an append that is not finished
	trailer Trailer
	unmap   func() error // what there is to do after the index is closed; nil: nothing
}

// maxTries is how often an archive is opened that changes meanwhile.
const maxTries = 3

// openArchive opens an archive without an index.
func openArchive(name string) (*archiveFile, error) {
	return openArchiveContext(context.Background(), name)
}

// openArchiveContext is openArchive with a context that can end the search for the end of an archive on a device.
func openArchiveContext(ctx context.Context, name string) (*archiveFile, error) {
	for tries := 1; ; tries++ {
		a, err := openFile(name)
		if err != nil {
			return nil, err
		}
		if a.onDevice() {
			err = a.openDevice(ctx, a.size)
		} else {
			err = a.findEnd()
		}
		if err == nil {
			return a, nil
		}
		moved := a.hasMoved()
		a.file.Close()
		if !moved || tries == maxTries {
			return nil, err
		}
	}
}

// findEnd finds out where the archive in a file ends: with T at its end, or, where that is not there, where its sidecar says, before what an append
// has left that was not finished.
func (a *archiveFile) findEnd() error {
	t, err := readTrailer(a.file, a.size)
	if err == nil {
		a.trailer = t
		return nil
	}
	err = fmt.Errorf("%s: %w", a.name, err)
	if !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrCorrupt) {
		return err
	}
	if x, _, sideErr := a.openSidecar(); sideErr == nil {
		return x.Close()
	}
	if t, ok := trailerBefore(a.file, a.size); ok {
		return fmt.Errorf("%s: %w", a.name, &unfinishedError{t, a.size - t.Offset - TrailerSize})
	}
	return err
}

// hasMoved tells whether the name leads to something else by now, or its file has another size.
func (a *archiveFile) hasMoved() bool {
	opened, err := a.file.Stat()
	if err != nil || isDevice(opened) {
		return false
	}
	now, err := os.Stat(a.name)
	return err == nil && (!os.SameFile(now, opened) || now.Size() != a.size+a.rest)
}

// openFile opens the file of an archive and looks at nothing in it. Of a device the size is that of all of it.
func openFile(name string) (*archiveFile, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	size := int64(0)
	switch {
	case err != nil:
	case isDevice(fi):
		size, err = roomOf(f)
	case fi.Mode().IsRegular():
		size = fi.Size()
	default:
		kind := "not a regular file"
		if fi.IsDir() {
			kind = "a directory"
		}
		err = fmt.Errorf("%s: %w: it is %s", name, ErrNotArchive, kind)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	a := &archiveFile{name: name, file: f, size: size}
	if isDevice(fi) {
		a.place = &locator{}
	}
	return a, nil
}

// openSidecar opens the sidecar that belongs to the archive, and returns its name. The error wraps ErrNoSidecar or ErrStale.
func (a *archiveFile) openSidecar() (x *sidecar.Index, name string, err error) {
	if a.onDevice() {
		x, err = a.openPlaced()
		return x, a.name, err
	}
	name = a.name + SidecarSuffix
	if x, err = a.openSidecarAt(name); err == nil {
		return x, name, nil
	}
	// Where the archive is reached through a symbolic link, the sidecar may lie beside the file itself.
	if real, realErr := filepath.EvalSymlinks(a.name); realErr == nil && real != a.name {
		if x, err := a.openSidecarAt(real + SidecarSuffix); err == nil {
			return x, real + SidecarSuffix, nil
		}
	}
	return nil, name, err
}

func (a *archiveFile) openSidecarAt(name string) (*sidecar.Index, error) {
	x, err := sidecar.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w: there is no %s", a.name, ErrNoSidecar, filepath.Base(name))
	case errors.Is(err, sidecar.ErrCorrupt), errors.Is(err, sidecar.ErrVersion):
		return nil, fmt.Errorf("%w: %w", ErrStale, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoSidecar, err)
	}
	err = a.checkIndex(x)
	if err != nil && a.endsWith(x) {
		err = a.checkIndex(x)
	}
	if err != nil {
		x.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return x, nil
}

// checkIndex makes sure that an index is that of the archive (FORMAT.md 3).
func (a *archiveFile) checkIndex(x *sidecar.Index) error {
	switch t := a.trailer; {
	case x.ArchiveSize() != a.size:
		return fmt.Errorf("%w: it is for an archive of %d bytes, %s has %d", ErrStale, x.ArchiveSize(), a.name, a.size)
	case x.Digest() != t.Digest:
		return fmt.Errorf("%w: its digest is %016x, %s names %016x", ErrStale, x.Digest(), a.name, t.Digest)
	case uint64(x.Len()) != t.Entries:
		return fmt.Errorf("%w: it has %d entries, %s has %d", ErrStale, x.Len(), a.name, t.Entries)
	}
	return nil
}
