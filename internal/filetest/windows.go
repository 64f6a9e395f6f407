//go:build windows

package filetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// HasFIFOs is whether directories can have FIFOs.
const HasFIFOs = false

// Mkfifo returns errors.ErrUnsupported.
func Mkfifo(string) error { return errors.ErrUnsupported }

// NeedSymlinks skips the test if this user can't make symbolic links, which needs a privilege or
// developer mode. Wine makes none, and reports no error.
func NeedSymlinks(t testing.TB) {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link")
	err := os.Symlink("target", link)
	if err == nil {
		_, err = os.Readlink(link)
	}
	if err != nil {
		t.Skipf("symbolic links can't be made here: %v", err)
	}
}

// Mode returns what the system keeps of a mode: whether a file can be written to.
func Mode(m fs.FileMode) fs.FileMode {
	switch {
	case m.IsDir():
		return fs.ModeDir | 0o777
	case m&0o200 == 0:
		return m.Type() | 0o444
	}
	return m.Type() | 0o666
}

// SetTempDir makes dir the directory for temporary files, until the end of the test.
func SetTempDir(t testing.TB, dir string) {
	t.Helper()
	t.Setenv("TMP", dir)
	t.Setenv("TEMP", dir)
}

// Lutimes sets the modification time of name, in seconds since 1970. A symbolic link keeps its own.
func Lutimes(name string, seconds int64) error {
	fi, err := os.Lstat(name)
	if err != nil || fi.Mode()&fs.ModeSymlink != 0 {
		return err
	}
	t := time.Unix(seconds, 0)
	return os.Chtimes(name, t, t)
}

// OnDisk returns the size of a file.
func OnDisk(fi fs.FileInfo) int64 { return fi.Size() }

// MaxOpenFiles returns how many files this process could open: there is no limit.
func MaxOpenFiles(testing.TB) int { return 1 << 30 }

// LimitOpenFiles does nothing: there is no limit.
func LimitOpenFiles(testing.TB, int) (release func()) { return func() {} }
