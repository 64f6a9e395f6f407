//go:build unix

package durable

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// Stat is what the system knows of a file and fs.FileInfo does not have.
type Stat struct {
	OnDisk          bool // otherwise nothing is known
	Dev, Ino, Nlink uint64
	UID, GID        int
	Major, Minor    uint32 // of a device
}

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

// OpenNonblock is a flag for opening a file, with which that does not wait if the file is a FIFO.
const OpenNonblock = syscall.O_NONBLOCK
