package engine

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// vector is a writev under way.
type vector struct {
	parts [2]unix.Iovec // of writeBoth
	rest  []unix.Iovec  // not sent yet
	n     int           // sent by the last call
	err   syscall.Errno
	call  func(fd uintptr) bool
}

// writeBoth writes a head and a body that lies in mapped memory by one call, without this process touching the body, or as
// much of them as the client takes. If the file behind the memory has been cut short the call fails, and this process does not.
func (c *conn) writeBoth(head, body []byte) (int, error) {
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

// writev writes what is left of the vector, or a part of it, by one call.
func (c *conn) writev() error {
	v := &c.vector
	if v.call == nil {
		v.call = v.write
	}
	if err := c.raw(v.call); err != nil {
		return err
	}
	if v.err != 0 {
		return os.NewSyscallError("writev", v.err)
	}
	return nil
}

// write is called when the connection may take something. It is false if it takes nothing.
func (v *vector) write(fd uintptr) bool {
	for {
		n, _, err := syscall.Syscall(unix.SYS_WRITEV, fd, uintptr(unsafe.Pointer(unsafe.SliceData(v.rest))), uintptr(len(v.rest)))
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
