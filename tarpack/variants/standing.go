package variants

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Drop removes the variants file of an archive or a shard set, and what an unfinished Build has
// left. It returns the bytes of the file. The error wraps ErrNone if there is nothing to remove, or
// format.ErrLocked if another process writes the file.
func Drop(archive string) (size int64, err error) {
	name, err := Name(archive)
	if err != nil {
		return 0, err
	}
	found := false
	for _, n := range []string{name, format.TempName(name), journalName(name)} {
		fi, err := os.Lstat(n)
		if err == nil && !fi.Mode().IsRegular() {
			return 0, fmt.Errorf("%s: %w", n, format.ErrNotRegular)
		}
		if err == nil && n == name {
			size = fi.Size()
		}
		found = found || err == nil
	}
	if !found {
		return 0, fmt.Errorf("%s: %w", name, ErrNone)
	}
	f, lock, err := durable.LockedTemp(name)
	if err != nil {
		return 0, err
	}
	defer lock.Close()
	defer f.Close()
	for _, n := range []string{name, journalName(name), f.Name()} {
		if err := os.Remove(n); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
	}
	return size, durable.SyncDir(filepath.Dir(name))
}

// Stale reports whether there is a variants file that readers of the archive refuse: it is of an
// earlier state, or damaged. It returns false if the archive can't be opened.
func Stale(ctx context.Context, archive string) bool {
	name, err := Name(archive)
	if err != nil {
		return false
	}
	if _, err := os.Lstat(name); err != nil {
		return false
	}
	a, err := tarpack.Open(ctx, archive, nil)
	if err != nil {
		return false
	}
	defer a.Close() // read only
	x, err := variants.Open(name, variants.Of(a.Index()))
	if err == nil {
		x.Close() // read only
	}
	return err != nil
}
