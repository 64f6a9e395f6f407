//go:build unix

package durable

import (
	"errors"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"golang.org/x/sys/unix"
)

// LockFile locks an open file until it is closed. It returns format.ErrLocked, without waiting, if
// another descriptor has the lock.
func LockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return format.ErrLocked
	}
	return err
}
