package osfile

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// lockedByte is the offset of the one byte that is locked, the last that a file can have. Windows
// keeps other programs from reading and writing what is locked, so it must not be part of the file.
const lockedByte = math.MaxInt64

// where is the locked byte, for the calls that lock and unlock it.
func where() *windows.Overlapped {
	return &windows.Overlapped{Offset: lockedByte & math.MaxUint32, OffsetHigh: lockedByte >> 32}
}

// TryLock locks an open file, until it is closed, or changes its lock. It does not wait. It returns
// false if the lock of another descriptor is in the way; then a former lock may be lost.
func TryLock(f *os.File, kind Lock) (bool, error) {
	if err := Unlock(f); err != nil { // a second lock would be added to the first
		return false, err
	}
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if kind == Exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, where())
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// Unlock releases the lock of a file, if it has one.
func Unlock(f *os.File) error {
	err := windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, where())
	if errors.Is(err, windows.ERROR_NOT_LOCKED) ||
		errors.Is(err, windows.ERROR_LOCK_VIOLATION) { // in Wine
		return nil
	}
	return err
}
