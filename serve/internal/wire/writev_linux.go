package wire

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// vector is a writev call under way.
type vector struct {
	rest []unix.Iovec // not sent yet
	n    int          // sent by the last call
	err  syscall.Errno
	call func(fd uintptr) bool // try, made once
}

// writev writes the rest of the vector, or a part of it, by one call.
func (c *Conn) writev() error {
	v := &c.vector
	if v.call == nil {
		v.call = v.try
	}
	if err := c.raw(v.call); err != nil {
		return err
	}
	if v.err != 0 {
		return os.NewSyscallError("writev", v.err)
	}
	return nil
}

// try writes once. It returns false if the connection takes nothing now.
func (v *vector) try(fd uintptr) bool {
	for {
		n, _, err := syscall.Syscall(unix.SYS_WRITEV, fd,
			uintptr(unsafe.Pointer(unsafe.SliceData(v.rest))), uintptr(len(v.rest)))
		switch err {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		}
		v.n, v.err = int(n), err
		return true
	}
}
