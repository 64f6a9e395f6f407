package eventloop

import (
	"io"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TryRead reads what there is. The error is EAGAIN if there is nothing, and io.EOF at the end of the stream.
//
// It is a raw system call: the scheduler need not hear of what doesn't wait. That of sockets costs less than read, which is
// for files first; so does sendmsg, compared with writev.
func (c *Conn) TryRead(b []byte) (int, error) {
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

// TryWrite writes as much of two pieces as the system takes, none if it takes nothing. This process does not touch the
// second one: it may be mapped memory. If there is no file behind that any more the error is EFAULT.
func (c *Conn) TryWrite(head, body []byte) (int, error) {
	iov := [2]unix.Iovec{{Base: unsafe.SliceData(head)}, {Base: unsafe.SliceData(body)}}
	iov[0].SetLen(len(head))
	iov[1].SetLen(len(body))
	msg := unix.Msghdr{Iov: &iov[0]}
	msg.SetIovlen(len(iov))
	for {
		// Not raw: if a page of mapped memory has gone from the system's cache since, it waits for the disk.
		n, _, err := syscall.Syscall(unix.SYS_SENDMSG, uintptr(c.fd), uintptr(unsafe.Pointer(&msg)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		switch err {
		case 0:
			return int(n), nil
		case unix.EAGAIN:
			return 0, nil
		case unix.EINTR:
		default:
			return 0, os.NewSyscallError("sendmsg", err)
		}
	}
}
