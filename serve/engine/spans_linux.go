package engine

import (
	"io"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/tarpack/export"
)

// exportSink is the writer for an export of an archive that is mapped, if it is: the system copies many small pieces of it at once, and
// straight from where they are. Whole tells if the file behind it has not become shorter.
func exportSink(w sink, mapped []byte, whole func() bool) io.Writer {
	if c, ok := w.(*conn); ok && c.raw != nil && mapped != nil {
		s := &spanSender{fileSender: fileSender{w}, c: c, mapped: mapped, whole: whole}
		s.call = s.write
		return s
	}
	return fileSender{w}
}

// A spanSender sends spans by writev.
type spanSender struct {
	fileSender
	c      *conn
	mapped []byte // must only be given to the kernel
	whole  func() bool
	iov    []unix.Iovec
	rest   []unix.Iovec // of iov, not sent yet
	n      int
	err    unix.Errno
	call   func(fd uintptr) bool
}

// SendSpans implements export.SpanSender.
func (s *spanSender) SendSpans(spans []export.Span) error {
	s.iov = s.iov[:0]
	for i := range spans {
		b := spans[i].Bytes
		if b == nil {
			off, n := spans[i].Offset, spans[i].Length
			if off < 0 || n < 0 || off > int64(len(s.mapped))-n {
				return errShort
			}
			b = s.mapped[off : off+n]
		}
		if len(b) > 0 {
			v := unix.Iovec{Base: unsafe.SliceData(b)}
			v.SetLen(len(b))
			s.iov = append(s.iov, v)
		}
	}
	defer func() { clear(s.iov) }()
	for s.rest = s.iov; len(s.rest) > 0; {
		s.c.now = time.Now()
		if err := s.c.armWrite(); err != nil {
			return err
		}
		if err := s.c.raw.Write(s.call); err != nil {
			return err
		}
		switch {
		case s.err == unix.EFAULT:
			return errShort
		case s.err != 0:
			return os.NewSyscallError("writev", s.err)
		}
		s.advance()
	}
	if !s.whole() {
		return errShort
	}
	return nil
}

// write is called when the connection may take something. It is false if it takes nothing.
func (s *spanSender) write(fd uintptr) bool {
	for {
		n, err := writev(fd, s.rest)
		switch err {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		}
		s.n, s.err = n, err
		return true
	}
}

// advance passes over what was sent.
func (s *spanSender) advance() {
	n := s.n
	for len(s.rest) > 0 && n >= int(s.rest[0].Len) {
		n -= int(s.rest[0].Len)
		s.rest = s.rest[1:]
	}
	if n > 0 {
		v := &s.rest[0]
		v.Base = (*byte)(unsafe.Add(unsafe.Pointer(v.Base), n))
		v.SetLen(int(v.Len) - n)
	}
}

func writev(fd uintptr, iov []unix.Iovec) (int, unix.Errno) {
	n, _, err := unix.Syscall(unix.SYS_WRITEV, fd, uintptr(unsafe.Pointer(unsafe.SliceData(iov))), uintptr(len(iov)))
	return int(n), err
}
