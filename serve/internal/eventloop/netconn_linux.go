package eventloop

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// This is the side of a connection that is lent to a goroutine: a net.Conn for one goroutine at a
// time.

// Read implements net.Conn.
func (c *Conn) Read(b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		if err := c.usable(&c.reading); err != nil {
			return 0, err
		}
		if n, err = c.receive(b); !errors.Is(err, unix.EAGAIN) {
			break
		}
		if err := c.wait(armedToRead, &c.reading); err != nil {
			return 0, err
		}
	}
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, os.NewSyscallError("read", err)
}

// Write implements net.Conn.
func (c *Conn) Write(b []byte) (total int, err error) {
	for total < len(b) {
		var n int
		var failed error
		if err := c.RawWrite(func(fd uintptr) bool {
			n, failed = syscall.Write(int(fd), b[total:])
			return !errors.Is(failed, unix.EAGAIN)
		}); err != nil {
			return total, err
		}
		if failed != nil && !errors.Is(failed, unix.EINTR) {
			return total, os.NewSyscallError("write", failed)
		}
		total += max(n, 0)
	}
	return total, nil
}

// RawWrite calls f until it returns true: at once, and then whenever the connection can be written
// to. It works as Write of a syscall.RawConn.
func (c *Conn) RawWrite(f func(fd uintptr) bool) error {
	for {
		if err := c.usable(&c.writing); err != nil {
			return err
		}
		if f(uintptr(c.fd)) {
			return nil
		}
		if err := c.wait(armedToWrite, &c.writing); err != nil {
			return err
		}
	}
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements net.Conn. Deadlines count while a goroutine has the connection.
func (c *Conn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadline(&c.reading, t) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(&c.writing, t) }

func (c *Conn) setDeadline(d *deadline, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	d.Time = t
	if c.waits {
		c.rouse()
	}
	return nil
}
