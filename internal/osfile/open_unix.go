//go:build unix

package osfile

import (
	"os"
	"syscall"
)

// Flags for OpenFile and the functions of package os that open files.
const (
	// Nonblock makes opening a FIFO not wait. It means nothing for a regular file.
	Nonblock = syscall.O_NONBLOCK
	// NoFollow does not follow a symbolic link at the end of the name. OpenFile fails, on Windows the
	// file is the link itself.
	NoFollow = syscall.O_NOFOLLOW
)

// OpenFile is os.OpenFile for a file that is renamed, replaced or removed while it is open.
func OpenFile(name string, flag int, perm os.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag, perm)
}

// Unname removes the name of an open temporary file, so that it is gone when it is closed, or the
// process ends.
func Unname(f *os.File) error { return os.Remove(f.Name()) }

// CreateUnnamed creates a temporary file in dir, or in the system's directory if dir is "". It is
// gone when it is closed, or the process ends.
func CreateUnnamed(dir, pattern string) (*os.File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	if err := Unname(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
