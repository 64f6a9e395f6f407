package durable

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
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
	case StatOf(fi).UID != os.Geteuid():
		return fmt.Errorf("%s is another user's", dir)
	case fi.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others can write to %s", dir)
	}
	return nil
}

// defaultLimit is the CacheLimit on a file system of at least ten times that size.
const defaultLimit = 10 << 30

// CacheLimit is how many bytes a cache in a directory may take unless something else is asked for:
// 10 GiB, but at most a tenth of the file system.
func CacheLimit(dir string) int64 {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return defaultLimit
	}
	return min(defaultLimit, int64(st.Blocks)/10*int64(st.Bsize)) //nolint:unconvert // int32 on arm
}

// LeadsTo reports whether a name leads to an open file.
func LeadsTo(name string, f *os.File) bool {
	now, err := os.Lstat(name)
	opened, err2 := f.Stat()
	return err == nil && err2 == nil && os.SameFile(now, opened)
}
