//go:build windows

package filetest

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"
)

// HasFIFOs is whether directories can have FIFOs.
const HasFIFOs = false

// Mkfifo returns errors.ErrUnsupported.
func Mkfifo(string) error { return errors.ErrUnsupported }

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
