//go:build unix

package durable

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// A fileStat is what fs.FileInfo does not tell.
type fileStat struct {
	Dev, Ino, Nlink uint64
	Uid, Gid        int
	Major, Minor    uint32 // of a device
}

func StatOf(fi fs.FileInfo) fileStat {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return fileStat{}
	}
	rdev := uint64(st.Rdev)
	return fileStat{
		Dev: uint64(st.Dev), Ino: uint64(st.Ino), Nlink: uint64(st.Nlink),
		Uid: int(st.Uid), Gid: int(st.Gid),
		Major: unix.Major(rdev), Minor: unix.Minor(rdev),
	}
}

// openNonblock keeps an open from waiting, should a FIFO have taken a file's place.
const OpenNonblock = syscall.O_NONBLOCK
