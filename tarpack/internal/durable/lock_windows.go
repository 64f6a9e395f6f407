package durable

import (
	"errors"
	"math"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"golang.org/x/sys/windows"
)

// lockedByte is the offset of the one byte that is locked, the last that a file can have. Windows
// keeps other programs from reading and writing what is locked, so it must not be part of the file.
const lockedByte = math.MaxInt64

// LockFile locks an open file until it is closed. It returns format.ErrLocked, without waiting, if
// another descriptor has the lock.
func LockFile(f *os.File) error {
	at := &windows.Overlapped{Offset: lockedByte & math.MaxUint32, OffsetHigh: lockedByte >> 32}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return format.ErrLocked
	}
	return err
}
