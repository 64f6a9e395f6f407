//go:build unix

package main

import "golang.org/x/sys/unix"

// setxattr sets an extended attribute of a file.
func setxattr(name, attribute string, value []byte) error {
	return unix.Setxattr(name, attribute, value, 0)
}
