package engine

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// vector is a writev under way.
type vector struct {
	parts [2]unix.Iovec
	n     int
	err   syscall.Errno
	call  func(fd uintptr) bool
}

// writeBoth writes a head and a body that lies in mapped memory by one call, without this process touching the body. If
// the file behind the memory has been cut short the call fails, and this process does not.
func (c *conn) writeBoth(head, body []byte) (int, error) {
	if err := c.armWrite(); err != nil {
		return 0, err
	}
	v := &c.vector
	if v.call == nil {
		v.call = v.write
	}
	v.parts[0].Base, v.parts[1].Base = &head[0], &body[0]
	v.parts[0].SetLen(len(head))
	v.parts[1].SetLen(len(body))
	var err error
	if c.fd == noFD || !v.write(c.fd) { // in a turn nobody closes the file descriptor
		err = c.raw.Write(v.call)
	}
	v.parts = [2]unix.Iovec{}
	switch {
	case err != nil:
		return 0, err
	case v.err != 0:
		return 0, os.NewSyscallError("writev", v.err)
	}
	n := v.n
	if n < len(head) { // the client takes little: what is left goes out as it can
		k, err := c.Write(head[n:])
		if n += k; err != nil {
			return n, err
		}
	}
	if n < len(head)+len(body) {
		k, err := c.Write(body[n-len(head):])
		return n + k, err
	}
	return n, nil
}

// write is called when the connection may take something. It is false if it takes nothing.
func (v *vector) write(fd uintptr) bool {
	for {
		n, _, err := syscall.Syscall(unix.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&v.parts[0])), uintptr(len(v.parts)))
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
