package wire

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve/internal/transfer"
)

// sendOnce is the most bytes that one sendfile call is asked for. While it waits for a disk it
// holds a thread.
const sendOnce = 1 << 20

// sendfileCall is a sendfile call under way.
type sendfileCall struct {
	from int
	off  int64
	n    int // wanted, then sent
	err  error
	call func(fd uintptr) bool // try, made once
}

// SendFile sends n bytes of f, from the offset off, by sendfile where that works.
func (c *Conn) SendFile(f *os.File, off, n int64) error {
	if c.raw == nil {
		return transfer.CopyAt(c, f, off, n)
	}
	s := &c.sendfile
	if s.call == nil {
		s.call = s.try
	}
	s.from, s.off = int(f.Fd()), off
	for n > 0 {
		c.Now = time.Now()
		if err := c.armWrite(); err != nil {
			return err
		}
		s.n = int(min(n, sendOnce))
		if err := c.raw(s.call); err != nil {
			return err
		}
		switch {
		case errors.Is(s.err, unix.EINVAL), errors.Is(s.err, unix.ENOSYS), errors.Is(s.err,
			unix.EOPNOTSUPP):
			return transfer.CopyAt(c, f, off, n) // the file system has no sendfile
		case s.err != nil:
			return os.NewSyscallError("sendfile", s.err)
		case s.n == 0:
			return transfer.ErrShort
		}
		off, n = off+int64(s.n), n-int64(s.n)
	}
	return nil
}

// try sends once. It returns false if the connection takes nothing now.
func (s *sendfileCall) try(fd uintptr) bool {
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
