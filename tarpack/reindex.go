package tarpack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/device"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// Reindex writes the sidecar of the archive name from the archive alone. On an error the sidecar that stood there before is
// untouched. A second writer of the same archive is refused (ErrLocked). What a killed append has left behind the archive is cut off.
func Reindex(ctx context.Context, name string, o scan.Options) (res scan.Result, err error) {
	if err := archivefile.Recover(name); err != nil {
		return scan.Result{}, err
	}
	a, err := archivefile.Open(name)
	if err != nil {
		return scan.Result{}, err
	}
	defer a.OSFile.Close()
	if a.OnDevice() {
		return reindexDevice(ctx, a, o)
	}
	if a.Rest > 0 {
		return scan.Result{}, fmt.Errorf("%s: %w", name, &format.UnfinishedError{a.Trailer, a.Rest})
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return scan.Result{}, err
	}
	// The lock is on the archive's temporary file, as pack has it.
	temp, lock, err := durable.LockedTemp(real)
	if err != nil {
		return scan.Result{}, err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name()), temp.Close(), lock.Close()) }()
	if err := a.IsStill(real); err != nil {
		return scan.Result{}, err
	}
	f, err := durable.OpenTemp(format.TempName(real + format.SidecarSuffix))
	if err != nil {
		return scan.Result{}, err
	}
	res, err = writeSidecar(ctx, a, f, o)
	if err == nil { // who may not read the archive need not know what is in it
		var fi os.FileInfo
		if fi, err = a.OSFile.Stat(); err == nil {
			err = f.Chmod(fi.Mode().Perm())
		}
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), real+format.SidecarSuffix)
	}
	if err != nil {
		return scan.Result{}, errors.Join(err, os.Remove(f.Name()))
	}
	return res, durable.SyncDir(filepath.Dir(real))
}

// writeSidecar makes the sidecar in f, and makes it durable.
func writeSidecar(ctx context.Context, a *archivefile.File, f *os.File, o scan.Options) (scan.Result, error) {
	if err := f.Truncate(0); err != nil {
		return scan.Result{}, err
	}
	res, err := scan.BuildIndex(ctx, a.Scanned(), a.Size, f, o)
	if err != nil {
		return scan.Result{}, fmt.Errorf("%s: %w", a.Name, err)
	}
	return res, f.Sync()
}

// newLocator is the locator for a sidecar that was made of an archive.
func newLocator(res scan.Result, size int64) device.Locator {
	return device.Locator{Archive: size, Length: res.SidecarBytes, Digest: res.Digest}
}

// reindexDevice writes the sidecar of the archive on a device behind it, and the locator.
func reindexDevice(ctx context.Context, a *archivefile.File, o scan.Options) (res scan.Result, err error) {
	index, err := durable.ScratchFile(o.TempDir)
	if err != nil {
		return res, err
	}
	defer index.Close()
	f, err := device.OpenForWriting(a.Name)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	room, err := device.Room(f)
	if err != nil {
		return res, err
	}
	if res, err = scan.BuildIndex(ctx, f, a.Size, index, o); err != nil {
		return res, fmt.Errorf("%s: %w", a.Name, err)
	}
	return res, device.WriteIndex(f, room, newLocator(res, a.Size), index)
}
