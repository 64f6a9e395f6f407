package indexed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/device"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// NeedSidecar writes the sidecar of an archive that is one file or device if it has no usable one.
func NeedSidecar(ctx context.Context, name string, o scan.Options) error {
	a, err := Open(ctx, name, &Options{RequireSidecar: true})
	if err == nil {
		return a.Close()
	}
	if errors.Is(err, format.ErrNoSidecar) || errors.Is(err, format.ErrStale) ||
		errors.Is(err, format.ErrUnplaced) {
		_, err = Reindex(ctx, name, o)
	}
	return err
}

// Reindex writes the sidecar of an archive that is one file or device, from the archive alone. The
// name stands for that archive also if it is the first shard of a set.
//
// On an error the old sidecar is untouched. A second writer of the same archive is refused
// (format.ErrLocked). Bytes that a killed append has left after the end of the archive are cut off.
func Reindex(ctx context.Context, name string, o scan.Options) (res scan.Result, err error) {
	if err := archivefile.Recover(name); err != nil {
		return scan.Result{}, err
	}
	a, err := archivefile.OpenToIndex(ctx, name)
	if err != nil {
		return scan.Result{}, archivefile.SearchEnd(ctx, name, err)
	}
	defer a.OSFile.Close()
	if a.OnDevice() {
		return reindexDevice(ctx, a, o)
	}
	if a.Rest > 0 {
		return scan.Result{}, fmt.Errorf("%s: %w", name,
			format.NewUnfinished(a.OSFile, a.Trailer, a.Rest))
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return scan.Result{}, err
	}
	if err := durable.CheckIndexName(real); err != nil {
		return scan.Result{}, err
	}
	// The lock is on the archive's temporary file, like pack's.
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
	if err == nil { // the index reveals what is in the archive
		var fi os.FileInfo
		if fi, err = a.OSFile.Stat(); err == nil {
			err = f.Chmod(fi.Mode().Perm())
		}
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = osfile.Rename(f.Name(), real+format.SidecarSuffix)
	}
	if err != nil {
		return scan.Result{}, errors.Join(err, os.Remove(f.Name()))
	}
	return res, durable.SyncDir(filepath.Dir(real))
}

// ReindexTo writes the sidecar of an archive that is one file or device to the file out, whose
// directory only this user can write to. It writes nothing else, takes no lock, and leaves an old
// sidecar as it is. Bytes that a killed append has left are not in the index.
func ReindexTo(ctx context.Context, name, out string, o scan.Options) (scan.Result, error) {
	a, err := archivefile.Open(name)
	if err != nil {
		return scan.Result{}, err
	}
	defer a.OSFile.Close()
	f, err := durable.OpenTemp(format.TempName(out))
	if err != nil {
		return scan.Result{}, err
	}
	res, err := writeSidecar(ctx, a, f, o)
	if err = errors.Join(err, f.Close()); err == nil {
		err = osfile.Rename(f.Name(), out)
	}
	if err != nil {
		return scan.Result{}, errors.Join(err, os.Remove(f.Name()))
	}
	return res, durable.SyncDir(filepath.Dir(out))
}

// writeSidecar writes the sidecar to f and makes it durable.
func writeSidecar(
	ctx context.Context, a *archivefile.File, f *os.File, o scan.Options,
) (scan.Result, error) {
	if err := f.Truncate(0); err != nil {
		return scan.Result{}, err
	}
	res, err := scan.BuildIndex(ctx, a.Scanned(), a.Size, f, o)
	if err != nil {
		return scan.Result{}, fmt.Errorf("%s: %w", a.Name, err)
	}
	return res, f.Sync()
}

// reindexDevice writes the sidecar of an archive on a device after the archive, and the locator.
func reindexDevice(
	ctx context.Context, a *archivefile.File, o scan.Options,
) (res scan.Result, err error) {
	index, err := durable.ScratchFile("")
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
		return scan.Result{}, fmt.Errorf("%s: %w", a.Name, err)
	}
	at := device.Locator{Archive: a.Size, Length: res.SidecarBytes, Digest: res.Digest}
	return res, device.WriteIndex(f, room, at, index)
}
