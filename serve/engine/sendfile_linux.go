package engine

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// sendOnce is the most that one sendfile call is asked for: while it waits for a disk it holds a thread.
const sendOnce = 1 << 20

// sending is a sendfile under way.
type sending struct {
	from int
	off  int64
	n    int
	err  error
	call func(fd uintptr) bool
}

func (c *conn) sendFile(f *os.File, off, n int64) error {
	if c.raw == nil {
		return copyFile(c, f, off, n)
	}
	s := &c.sending
	if s.call == nil {
		s.call = s.send
	}
	s.from, s.off = int(f.Fd()), off
	for n > 0 {
		c.now = time.Now()
		if err := c.armWrite(); err != nil {
			return err
		}
		s.n = int(min(n, sendOnce))
		if err := c.raw(s.call); err != nil {
			return err
		}
		switch {
		case errors.Is(s.err, unix.EINVAL), errors.Is(s.err, unix.ENOSYS), errors.Is(s.err, unix.EOPNOTSUPP):
			return copyFile(c, f, off, n) // a file system that can't
		case s.err != nil:
			return os.NewSyscallError("sendfile", s.err)
		case s.n == 0:
			return errShort
		}
		off, n = off+int64(s.n), n-int64(s.n)
	}
	return nil
}

// send is called when the connection may take something. It is false if it takes nothing.
func (s *sending) send(fd uintptr) bool {
	for {
		n, err := unix.Sendfile(int(fd), s.from, &s.off, s.n)
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
