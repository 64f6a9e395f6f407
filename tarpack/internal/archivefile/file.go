package archivefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/device"
)

// File is the open file of an archive, or a device, and where in it the archive ends. It has no
// index.
type File struct {
	Name    string
	OSFile  *os.File        // nil for a shard set
	Shared  bool            // OSFile is not closed with the archive
	Place   *device.Locator // nil unless the archive is on a device
	Size    int64           // of the archive, in bytes
	Rest    int64           // bytes that follow the archive in its file
	Trailer format.Trailer  // the T of the archive
	Unmap   func() error    // to be called after the index is closed; may be nil
	InFile  bool            // the index that OpenSidecar has opened is the one in the archive
	Beside  error           // with InFile: why the sidecar beside it was not opened

	LoadIndex  int64 // for sidecar.Load, which opens the sidecar if it is positive
	CheckIndex int64 // an index of at most so many bytes is compared with its hashes when it is opened
}

// MaxTries is how often an archive is opened that is replaced meanwhile.
const MaxTries = 3

// Open opens the archive name and finds its end. The errors are those of FindEnd and of opening a
// file, and name the file.
func Open(name string) (*File, error) { return open(name, (*File).OpenDevice) }

// OpenToIndex is Open for an archive that is about to be indexed. If it is on a device and nothing
// there leads to its end, it is searched for, which the context can stop.
func OpenToIndex(ctx context.Context, name string) (*File, error) {
	return open(name, func(a *File, room int64) error { return a.SearchDevice(ctx, room) })
}

// open is Open, with onDevice to find the end on a device.
func open(name string, onDevice func(a *File, room int64) error) (*File, error) {
	for tries := 1; ; tries++ {
		a, err := OpenUnread(name)
		if err != nil {
			return nil, err
		}
		if a.OnDevice() {
			err = onDevice(a, a.Size)
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

// HasMoved reports whether the name now leads to another file, or the file has another size.
func (a *File) HasMoved() bool {
	opened, err := a.OSFile.Stat()
	if err != nil || device.Is(opened) {
		return false
	}
	now, err := os.Stat(a.Name)
	return err == nil && (!os.SameFile(now, opened) || now.Size() != a.Size+a.Rest)
}

// OpenUnread opens the file of an archive and reads nothing of it. Size is that of the whole file
// or device.
func OpenUnread(name string) (*File, error) {
	f, err := osfile.OpenFile(name, os.O_RDONLY|osfile.Nonblock, 0)
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
		kind := format.ForeignSpecial
		if fi.IsDir() {
			kind = format.ForeignDir
		}
		err = fmt.Errorf("%s: %w: %w", name, format.ErrNotArchive, kind)
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

// OpenSidecar opens the sidecar that belongs to the archive, and returns the name of its file. If
// there is none beside the archive, that is the index in the archive. The error wraps ErrNoSidecar
// or ErrStale of package format.
func (a *File) OpenSidecar() (x *sidecar.Index, name string, err error) {
	if x, name, err = a.openBeside(); err == nil {
		return x, name, nil
	}
	x, inErr := a.openEmbedded()
	if inErr == nil {
		a.InFile, a.Beside = true, err
		return x, a.Name, nil
	}
	if errors.Is(inErr, format.ErrStale) && errors.Is(err, format.ErrNoSidecar) {
		err = inErr
	}
	return nil, name, err
}

// openBeside is OpenSidecar without the index in the archive.
func (a *File) openBeside() (x *sidecar.Index, name string, err error) {
	if a.OnDevice() {
		x, err = a.openPlaced()
		return x, a.Name, err
	}
	name = a.Name + format.SidecarSuffix
	if x, err = a.OpenSidecarAt(name); err == nil {
		return x, name, nil
	}
	// A writer of a set renames the list first. It may have been killed, or failed, after that.
	if a.OSFile == nil {
		temp := format.TempName(name)
		if x, err := a.OpenSidecarAt(temp); err == nil {
			return x, temp, nil
		}
	}
	// Where the archive is reached through a symbolic link, the sidecar may lie beside the file
	// itself.
	if real, realErr := filepath.EvalSymlinks(a.Name); realErr == nil && real != a.Name {
		if x, err := a.OpenSidecarAt(real + format.SidecarSuffix); err == nil {
			return x, real + format.SidecarSuffix, nil
		}
	}
	return nil, name, err
}

// SidecarNames returns where the sidecar may lie, in the order in which OpenSidecar looks. On a
// device there are none.
func (a *File) SidecarNames() []string {
	if a.OnDevice() {
		return nil
	}
	names := []string{a.Name + format.SidecarSuffix}
	if real, err := filepath.EvalSymlinks(a.Name); err == nil && real != a.Name {
		names = append(names, real+format.SidecarSuffix)
	}
	return names
}

// OpenSidecarAt is OpenSidecar for a sidecar of this name. If the archive's file continues after
// the end that the sidecar has, the archive is made to end there.
func (a *File) OpenSidecarAt(name string) (*sidecar.Index, error) {
	x, err := a.openIndex(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w: there is no %s",
			a.Name, format.ErrNoSidecar, filepath.Base(name))
	case osfile.IsLongName(err):
		return nil, fmt.Errorf("%s: %w: %w", a.Name, format.ErrNoSidecar, format.ErrLongName)
	case errors.Is(err, sidecar.ErrCorrupt), errors.Is(err, sidecar.ErrVersion),
		errors.Is(err, sidecar.ErrDraft):
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

func (a *File) openIndex(name string) (*sidecar.Index, error) {
	if a.LoadIndex > 0 {
		return sidecar.Load(name, a.LoadIndex)
	}
	x, err := sidecar.Open(name)
	if err != nil {
		return nil, err
	}
	if x, err = a.checked(x); err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return x, err
}

// checked returns x, or closes it if it is to be compared with its hashes and one does not fit.
func (a *File) checked(x *sidecar.Index) (*sidecar.Index, error) {
	if err := x.CheckSmall(a.CheckIndex); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// checkIndex checks that x is the index of the archive.
func (a *File) checkIndex(x *sidecar.Index) error {
	return format.CheckIndex(x, a.Name, a.Size, a.Trailer)
}

// IsStill returns an error, ErrChanged of package format, if name no longer leads to the open file.
// It is called once the lock is held.
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
