package osfile

import (
	"errors"

	"golang.org/x/sys/windows"
)

// IsFull reports whether err means that there is no room on the disk, or not for this user.
func IsFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// IsLongName reports whether err means that a name is too long for the file system.
func IsLongName(err error) bool {
	return errors.Is(err, windows.ERROR_FILENAME_EXCED_RANGE) ||
		errors.Is(err, windows.ERROR_BUFFER_OVERFLOW)
}

// IsNotEmpty reports whether err means that a directory is not empty.
func IsNotEmpty(err error) bool { return errors.Is(err, windows.ERROR_DIR_NOT_EMPTY) }
