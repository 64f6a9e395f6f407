package eventloop

import (
	"io"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TryRead reads what has come. The error is EAGAIN if that is nothing, and io.EOF at the end of the
// stream. In each call of Ready it reads only once: epoll reports again if there is more.
func (c *Conn) TryRead(b []byte) (int, error) {
	if len(c.unread) > 0 {
		return c.receive(b)
	}
	if c.received {
		return 0, unix.EAGAIN
	}
	c.received = true
	return c.receive(b)
}

// Unread makes b what is read next, by the loop or by a goroutine. It must be called by the side to
// which the connection belongs, and in a loop the Handler must read it before Ready returns, or
// leave it to a goroutine.
func (c *Conn) Unread(b []byte) { c.unread = append([]byte(nil), b...) }

// receive reads what has come. It is a raw system call: the scheduler need not know of a call that
// does not wait. recvfrom costs less than read, which is for files first.
func (c *Conn) receive(b []byte) (int, error) {
	if len(c.unread) > 0 {
		n := copy(b, c.unread)
		if c.unread = c.unread[n:]; len(c.unread) == 0 {
			c.unread = nil
		}
		return n, nil
	}
	for {
		n, _, err := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(c.fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
		switch {
		case err == unix.EINTR:
		case err != 0:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return int(n), nil
		}
	}
}

// TryWrite writes as much of b as the system takes, which may be nothing.
func (c *Conn) TryWrite(b []byte) (int, error) {
	for {
		n, _, err := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(c.fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch err {
		case 0:
			return int(n), nil
		case unix.EAGAIN:
			return 0, nil
		case unix.EINTR:
		default:
			return 0, os.NewSyscallError("sendto", err)
		}
	}
}

// Flush returns true: TryWrite keeps nothing.
func (c *Conn) Flush() (bool, error) { return true, nil }
