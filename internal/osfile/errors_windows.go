package osfile

import (
	"errors"
	"slices"
	"syscall"

	"golang.org/x/sys/windows"
)

// numbers has, for error numbers of Unix, those of Windows that mean the same.
var numbers = map[syscall.Errno][]syscall.Errno{
	syscall.EADDRINUSE: {windows.WSAEADDRINUSE},
	// The second one is of a port that Windows reserves, or that another program has for itself.
	syscall.EADDRNOTAVAIL: {windows.WSAEADDRNOTAVAIL, windows.WSAEACCES},
	syscall.EBUSY: {
		windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION, windows.ERROR_USER_MAPPED_FILE,
		windows.ERROR_BUSY, windows.ERROR_DRIVE_LOCKED,
	},
	syscall.ECONNREFUSED: {windows.WSAECONNREFUSED},
	syscall.ECONNRESET:   {windows.WSAECONNRESET, windows.WSAECONNABORTED},
	syscall.EDQUOT:       {windows.ERROR_DISK_QUOTA_EXCEEDED},
	syscall.EFBIG:        {windows.ERROR_FILE_TOO_LARGE},
	syscall.EHOSTUNREACH: {windows.WSAEHOSTUNREACH},
	syscall.EIO: {
		windows.ERROR_IO_DEVICE, windows.ERROR_CRC, windows.ERROR_SECTOR_NOT_FOUND,
		windows.ERROR_READ_FAULT, windows.ERROR_WRITE_FAULT, windows.ERROR_DISK_OPERATION_FAILED,
	},
	syscall.EMFILE:       {windows.ERROR_TOO_MANY_OPEN_FILES, windows.WSAEMFILE},
	syscall.EMLINK:       {windows.ERROR_TOO_MANY_LINKS},
	syscall.ENAMETOOLONG: {windows.ERROR_FILENAME_EXCED_RANGE, windows.ERROR_BUFFER_OVERFLOW},
	syscall.ENETUNREACH:  {windows.WSAENETUNREACH},
	syscall.ENOMEM: {
		windows.ERROR_NOT_ENOUGH_MEMORY, windows.ERROR_OUTOFMEMORY, windows.ERROR_COMMITMENT_LIMIT,
		windows.ERROR_NO_SYSTEM_RESOURCES, windows.WSAENOBUFS,
	},
	syscall.ENOSPC:     {windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL},
	syscall.ENOTDIR:    {windows.ERROR_DIRECTORY},
	syscall.ENOTEMPTY:  {windows.ERROR_DIR_NOT_EMPTY},
	syscall.EOPNOTSUPP: {windows.ERROR_NOT_SUPPORTED, windows.ERROR_INVALID_FUNCTION},
	syscall.EPIPE: {
		windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA, windows.ERROR_PIPE_NOT_CONNECTED,
	},
	syscall.EROFS:     {windows.ERROR_WRITE_PROTECT},
	syscall.ETIMEDOUT: {windows.WSAETIMEDOUT},
	syscall.EXDEV:     {windows.ERROR_NOT_SAME_DEVICE},
}

// Is is errors.Is for an error number of Unix. On Windows, package syscall has these numbers, but
// the system returns others; Is compares err with those of the same meaning.
func Is(err error, number syscall.Errno) bool {
	return errors.Is(err, number) || slices.ContainsFunc(numbers[number], func(n syscall.Errno) bool {
		return errors.Is(err, n)
	})
}
