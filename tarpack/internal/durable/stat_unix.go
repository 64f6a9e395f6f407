//go:build unix

package durable

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/tarpack/tpk/tarpack/format"
	"golang.org/x/sys/unix"
)

// StatOf returns the Stat of a file on disk, the zero Stat for other files.
func StatOf(fi fs.FileInfo) Stat {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return Stat{}
	}
	rdev := uint64(st.Rdev)
	return Stat{
		OnDisk: true,
		Dev:    uint64(st.Dev), Ino: uint64(st.Ino), Nlink: uint64(st.Nlink),
		UID: int(st.Uid), GID: int(st.Gid),
		Major: unix.Major(rdev), Minor: unix.Minor(rdev),
	}
}

// UnixMode returns the low 12 bits of the mode of a file.
func UnixMode(fi fs.FileInfo) uint16 { return format.UnixMode(fi.Mode()) }

// isOurs reports whether a file is this user's.
func isOurs(fi fs.FileInfo) bool { return StatOf(fi).UID == os.Geteuid() }

// isPrivate returns an error if other users can write to a directory.
func isPrivate(dir string, fi fs.FileInfo) error {
	switch {
	case !isOurs(fi):
		return fmt.Errorf("%s is another user's", dir)
	case fi.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others can write to %s", dir)
	}
	return nil
}
