//go:build unix && !freebsd

package trees

import "golang.org/x/sys/unix"

func mknod(name string, mode uint32, device uint64) error {
	return unix.Mknod(name, mode, int(device))
}
