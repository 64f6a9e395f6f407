//go:build unix

package tarpack

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// A fileStat is what fs.FileInfo does not tell.
type fileStat struct {
	dev, ino, nlink uint64
	uid, gid        int
	major, minor    uint32 // of a device
}

func statOf(fi fs.FileInfo) fileStat {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return fileStat{}
	}
	rdev := uint64(st.Rdev)
	return fileStat{
		dev: uint64(st.Dev), ino: uint64(st.Ino), nlink: uint64(st.Nlink),
		uid: int(st.Uid), gid: int(st.Gid),
		major: unix.Major(rdev), minor: unix.Minor(rdev),
	}
}

// openNonblock keeps an open from waiting, should a FIFO have taken a file's place.
const openNonblock = syscall.O_NONBLOCK
