package engine

import (
	"encoding/binary"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// inquiry asks Linux to tell with what is read how much is left to be read (tcp(7), TCP_INQ). Who knows that there is nothing need
// not try, which saves a system call for each request. The end of the stream counts as one byte.
type inquiry struct {
	asked, told bool
	msg         unix.Msghdr
	vector      unix.Iovec
	control     [inquiryLen]byte
}

// inquiryLen is the length of a control message with an int, aligned.
const inquiryLen = unix.SizeofCmsghdr + 8

// read reads without waiting. Last tells that nothing is left; if it is false there may be something.
func (q *inquiry) read(c *conn, fd uintptr, b []byte) (n int, last bool, err error) {
	if !q.asked && c.requests > 0 { // whoever asks once only need not pay for it
		q.asked = true
		if _, ok := c.Conn.(*net.TCPConn); ok {
			q.told = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_INQ, 1) == nil
		}
	}
	if q.told {
		return q.receive(fd, b)
	}
	n, err = syscall.Read(int(fd), b)
	return n, false, err
}

func (q *inquiry) receive(fd uintptr, b []byte) (n int, last bool, err error) {
	q.vector.Base = &b[0]
	q.vector.SetLen(len(b))
	q.msg.Iov, q.msg.Iovlen = &q.vector, 1
	q.msg.Control = &q.control[0]
	q.msg.SetControllen(len(q.control))
	// Raw: this never waits, so the scheduler need not hear of it. (What writes from mapped memory may wait for a disk.)
	r, _, errno := syscall.RawSyscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&q.msg)), 0)
	q.vector.Base = nil
	if errno != 0 {
		return 0, false, errno
	}
	h := (*unix.Cmsghdr)(unsafe.Pointer(&q.control[0]))
	if q.msg.Controllen >= unix.SizeofCmsghdr+4 && h.Level == unix.IPPROTO_TCP && h.Type == unix.TCP_CM_INQ {
		last = binary.NativeEndian.Uint32(q.control[unix.SizeofCmsghdr:]) == 0
	}
	return int(r), last, nil
}
