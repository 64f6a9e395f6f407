package wire

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// vector is a writev call under way.
type vector struct {
	parts [2]unix.Iovec // of WriteBoth
	rest  []unix.Iovec  // not sent yet
	n     int           // sent by the last call
	err   syscall.Errno
	call  func(fd uintptr) bool // try, made once
}

// WriteBoth writes a head and a body in mapped memory by one call, or as much of them as the client
// takes, and returns how many bytes that is. This process does not touch the body. If its file has
// been cut short the call fails with EFAULT, where a read of the memory would have been a fault of
// the process.
func (c *Conn) WriteBoth(head, body []byte) (int, error) {
	if err := c.armWrite(); err != nil {
		return 0, err
	}
	v := &c.vector
	v.parts[0].Base, v.parts[1].Base = &head[0], &body[0]
	v.parts[0].SetLen(len(head))
	v.parts[1].SetLen(len(body))
	v.rest = v.parts[:]
	err := c.writev()
	v.parts, v.rest = [2]unix.Iovec{}, nil
	if err != nil {
		return 0, err
	}
	return v.n, nil
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
