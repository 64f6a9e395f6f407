//go:build unix

package live

import (
	"errors"
	"syscall"
)

// isLimit reports whether the system watches no more folders: ENOSPC is inotify's limit of watches
// (inotify_add_watch(2)).
func isLimit(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) ||
		errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM)
}
