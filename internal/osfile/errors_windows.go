package osfile

import (
	"errors"
	"slices"
	"strings"
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

// texts has the messages of Unix for errors that numbers does not have: package syscall has these
// numbers of Windows under the names of Unix.
var texts = map[syscall.Errno]string{
	windows.ERROR_FILE_NOT_FOUND: "no such file or directory",
	windows.ERROR_PATH_NOT_FOUND: "no such file or directory",
	windows.ERROR_ACCESS_DENIED:  "permission denied",
	windows.ERROR_ALREADY_EXISTS: "file exists",
	windows.ERROR_FILE_EXISTS:    "file exists",
}

// Text returns the message of an error of the system. On Windows that is the message of Unix for an
// error of the same meaning, without regard to the language of the system. Others are sentences,
// without their full stop, as those for which Windows has more precise errors than Unix.
func Text(n syscall.Errno) string {
	if text, ok := texts[n]; ok {
		return text
	}
	for number, same := range numbers {
		if number != syscall.EBUSY && number != syscall.EIO && slices.Contains(same, n) {
			return number.Error()
		}
	}
	return strings.TrimSuffix(n.Error(), ".")
}
