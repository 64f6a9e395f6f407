package durable

import (
	"os"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
)

// LockFile locks an open file until it is closed. It returns format.ErrLocked, without waiting, if
// another descriptor has the lock.
func LockFile(f *os.File) error {
	ok, err := osfile.TryLock(f, osfile.Exclusive)
	if err == nil && !ok {
		err = format.ErrLocked
	}
	return err
}
