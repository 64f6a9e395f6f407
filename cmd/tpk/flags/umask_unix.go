//go:build unix

package flags

import "golang.org/x/sys/unix"

// umask returns the umask of the process. It can only be read by setting it.
func umask() uint16 {
	mask := unix.Umask(0o077)
	unix.Umask(mask)
	return uint16(mask)
}
