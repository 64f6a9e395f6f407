//go:build unix

package osfile

import (
	"io/fs"
	"os"
	"syscall"
)

// Identify returns the Identity of name in root, a file or a link. fi is what Lstat has returned.
func Identify(_ *os.Root, _ string, fi fs.FileInfo) (Identity, error) { return identityOf(fi), nil }

// Links returns how many names an open file has. fi is what Stat has returned.
func Links(_ *os.File, fi fs.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 0
}

// identityOf returns the identity that is in a FileInfo.
func identityOf(fi fs.FileInfo) Identity {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return Identity{}
	}
	return Identity{uint64(st.Dev), uint64(st.Ino)}
}
