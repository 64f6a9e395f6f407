package osfile

import "syscall"

// IsFull reports whether err means that there is no room on the disk, or not for this user.
func IsFull(err error) bool { return Is(err, syscall.ENOSPC) || Is(err, syscall.EDQUOT) }

// IsLongName reports whether err means that a name is too long for the file system.
func IsLongName(err error) bool { return Is(err, syscall.ENAMETOOLONG) }

// IsNotEmpty reports whether err means that a directory is not empty.
func IsNotEmpty(err error) bool { return Is(err, syscall.ENOTEMPTY) }
