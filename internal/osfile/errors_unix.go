//go:build unix

package osfile

import (
	"errors"
	"syscall"
)

// Is is errors.Is for an error number of Unix. On Windows, package syscall has these numbers, but
// the system returns others; Is compares err with those of the same meaning.
func Is(err error, number syscall.Errno) bool { return errors.Is(err, number) }

// Text returns the message of an error of the system. On Windows that is the message of Unix for an
// error of the same meaning.
func Text(n syscall.Errno) string { return n.Error() }
