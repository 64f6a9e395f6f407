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

// ReindexOptions are the options of Reindex. The zero value is usable.
type ReindexOptions struct {
	Workers int // decompressing goroutines; 0 means one for each CPU
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *ReindexOptions) scan() scan.Options {
	return scan.Options{Workers: o.Workers, Progress: o.Progress}
}

// ReindexResult describes an index that was rebuilt.
type ReindexResult struct {
	Entries      uint64
	SidecarBytes int64
	Digest       uint64 // of the sidecar
}

// Reindex writes the sidecar of an archive from the archive alone. For a shard set it writes the
// set's list and sidecar, and the sidecars of the shards without a usable one. The name may be any
// that Open takes.
//
// On an error the old sidecar is untouched. A second writer of the same archive is refused
// (format.ErrLocked). Bytes that a killed append has left after the end of the archive are cut off.
func Reindex(ctx context.Context, name string, o ReindexOptions) (ReindexResult, error) {
	list, isSet, err := SetList(name)
	if err != nil {
		return ReindexResult{}, err
	}
	if isSet {
		return reindexSet(ctx, list, o)
	}
	return reindexFile(ctx, name, o)
}

// reindexFile is Reindex for an archive that is one file or device.
func reindexFile(ctx context.Context, name string, o ReindexOptions) (res ReindexResult,
	err error) {
	if err := archivefile.Recover(name); err != nil {
		return ReindexResult{}, err
	}
	a, err := archivefile.Open(name)
	if err != nil {
		return ReindexResult{}, err
	}
	defer a.OSFile.Close()
	if a.OnDevice() {
		return reindexDevice(ctx, a, o)
	}
	if a.Rest > 0 {
		return ReindexResult{}, fmt.Errorf("%s: %w", name,
			&format.UnfinishedError{Trailer: a.Trailer, Rest: a.Rest})
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return ReindexResult{}, err
	}
	// The lock is on the archive's temporary file, like pack's.
	temp, lock, err := durable.LockedTemp(real)
	if err != nil {
		return ReindexResult{}, err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name()), temp.Close(), lock.Close()) }()
	if err := a.IsStill(real); err != nil {
		return ReindexResult{}, err
	}
	f, err := durable.OpenTemp(format.TempName(real + format.SidecarSuffix))
	if err != nil {
		return ReindexResult{}, err
	}
	res, err = writeSidecar(ctx, a, f, o)
	if err == nil { // the index reveals what is in the archive
		var fi os.FileInfo
		if fi, err = a.OSFile.Stat(); err == nil {
			err = f.Chmod(fi.Mode().Perm())
		}
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), real+format.SidecarSuffix)
	}
	if err != nil {
		return ReindexResult{}, errors.Join(err, os.Remove(f.Name()))
	}
	return res, durable.SyncDir(filepath.Dir(real))
}

// writeSidecar writes the sidecar to f and makes it durable.
func writeSidecar(ctx context.Context, a *archivefile.File, f *os.File,
	o ReindexOptions) (ReindexResult, error) {
	if err := f.Truncate(0); err != nil {
		return ReindexResult{}, err
	}
	res, err := scan.BuildIndex(ctx, a.Scanned(), a.Size, f, o.scan())
	if err != nil {
		return ReindexResult{}, fmt.Errorf("%s: %w", a.Name, err)
	}
	return ReindexResult(res), f.Sync()
}

// newLocator returns the locator for a rebuilt sidecar of an archive of size bytes.
func newLocator(res ReindexResult, size int64) device.Locator {
	return device.Locator{Archive: size, Length: res.SidecarBytes, Digest: res.Digest}
}

// reindexDevice writes the sidecar of an archive on a device after the archive, and the locator.
func reindexDevice(ctx context.Context, a *archivefile.File, o ReindexOptions) (res ReindexResult,
	err error) {
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
	built, err := scan.BuildIndex(ctx, f, a.Size, index, o.scan())
	if err != nil {
		return res, fmt.Errorf("%s: %w", a.Name, err)
	}
	res = ReindexResult(built)
	return res, device.WriteIndex(f, room, newLocator(res, a.Size), index)
}
