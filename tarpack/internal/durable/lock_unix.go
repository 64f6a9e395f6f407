//go:build unix

package durable

import (
	"errors"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"golang.org/x/sys/unix"
)

// lockFile takes the lock of an open file, for as long as it stays open. It returns ErrLocked when
// somebody else has it.
func LockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return format.ErrLocked
	}
	return err
}
