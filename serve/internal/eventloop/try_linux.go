package eventloop

import (
	"io"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TryRead reads what has come. The error is EAGAIN if that is nothing, and io.EOF at the end of the
// stream.
//
// It is a raw system call: the scheduler need not know of a call that does not wait. recvfrom costs
// less than read, which is for files first, and so does sendmsg compared with writev.
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

// TryWrite writes as much of two pieces as the system takes, which may be nothing. This process
// does not touch the second one, which may be mapped memory. If its file has been cut short the
// error is EFAULT.
func (c *Conn) TryWrite(head, body []byte) (int, error) {
	iov := [2]unix.Iovec{{Base: unsafe.SliceData(head)}, {Base: unsafe.SliceData(body)}}
	iov[0].SetLen(len(head))
	iov[1].SetLen(len(body))
	msg := unix.Msghdr{Iov: &iov[0]}
	msg.SetIovlen(len(iov))
	for {
		// Not a raw call: it waits for the disk if a page of mapped memory has left the system's
		// cache.
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
