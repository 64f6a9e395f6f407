package durable

import (
	"fmt"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
)

// PrivateDir creates a directory for a cache if it is missing. The error is not nil if it can't be
// used, or if other users could put something there.
func PrivateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	fi, err := os.Stat(dir)
	switch {
	case err != nil:
		return err
	case !fi.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	}
	return isPrivate(dir, fi)
}

// defaultLimit is the CacheLimit on a file system of at least ten times that size.
const defaultLimit = 10 << 30

// CacheLimit is how many bytes a cache in a directory may take unless something else is asked for:
// 10 GiB, but at most a tenth of the file system.
func CacheLimit(dir string) int64 {
	size, _, ok := osfile.Space(dir)
	if !ok {
		return defaultLimit
	}
	return min(defaultLimit, size/10)
}

// LeadsTo reports whether a name leads to an open file.
func LeadsTo(name string, f *os.File) bool {
	now, err := os.Lstat(name)
	opened, err2 := f.Stat()
	return err == nil && err2 == nil && os.SameFile(now, opened)
}
