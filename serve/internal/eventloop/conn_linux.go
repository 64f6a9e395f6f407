package eventloop

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Conn is a connection of a Group. Besides [Conn.Interrupt], [Conn.Abort] and the deadlines, all is for whoever has it.
type Conn struct {
	fd            int
	number        uint32
	loop          atomic.Pointer[loop]
	handler       Handler
	local, remote net.Addr
	lent          atomic.Bool // to a goroutine; the loop sets it, and the goroutine clears it

	mu      sync.Mutex
	closed  bool
	armed   uint32 // what epoll was asked for
	waits   bool   // the goroutine does, for wake
	wake    chan struct{}
	reading deadline
	writing deadline
}

// deadline is until when something may be waited for; never if it is zero.
type deadline struct{ time.Time }

// What epoll is asked for.
const (
	armedNot     = 0                                // it does not know the descriptor
	armedForLoop = unix.EPOLLIN                     // told again and again
	armedToRead  = unix.EPOLLIN | unix.EPOLLONESHOT // for the goroutine, told once
	armedToWrite = unix.EPOLLOUT | unix.EPOLLONESHOT
)

// arm asks epoll for events. The lock is held.
func (c *Conn) arm(events uint32) error {
	op := unix.EPOLL_CTL_MOD
	switch {
	case c.closed:
		return net.ErrClosed // the descriptor may be somebody else's
	case c.armed == events && events&unix.EPOLLONESHOT == 0:
		return nil
	case c.armed == armedNot:
		op = unix.EPOLL_CTL_ADD
	case events == armedNot:
		op = unix.EPOLL_CTL_DEL
	}
	if err := c.loop.Load().control(op, c.fd, events); err != nil {
		return os.NewSyscallError("epoll_ctl", err)
	}
	c.armed = events
	return nil
}

// tell tells the goroutine that has the connection that it may go on. It is false if none has it any more. It is called
// in the loop.
func (c *Conn) tell() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.lent.Load():
		return false
	case c.closed:
	case c.waits:
		c.rouse()
		c.loop.Load().lent = true
	case c.armed&unix.EPOLLONESHOT == 0:
		_ = c.arm(armedNot) // nobody waits for it now, and it would be told again and again
	}
	return true
}

// rouse lets the goroutine look again. The lock is held.
func (c *Conn) rouse() {
	c.waits = false
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// wait waits until what was armed for has happened, or a deadline was changed.
func (c *Conn) wait(events uint32, d *deadline) error {
	if err := c.usable(d); err != nil {
		return err
	}
	c.mu.Lock()
	err := c.arm(events)
	c.waits = err == nil
	var expired <-chan time.Time
	if !d.IsZero() {
		timer := time.NewTimer(time.Until(d.Time))
		defer timer.Stop()
		expired = timer.C
	}
	c.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-c.wake:
	case <-expired:
	}
	return nil
}

// usable is an error if the connection must not be used for what the deadline is for.
func (c *Conn) usable(d *deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return net.ErrClosed
	case !d.IsZero() && !time.Now().Before(d.Time):
		return os.ErrDeadlineExceeded
	}
	return nil
}

// Leave lends the connection to a goroutine, which calls f. It is called in the loop, which then leaves the connection alone.
func (c *Conn) Leave(f func()) {
	c.lent.Store(true)
	c.loop.Load().lent = true
	go f()
}

// Return gives the connection back to the loop. After an error the goroutine still has it.
func (c *Conn) Return() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.arm(armedForLoop); err != nil {
		return err
	}
	c.lent.Store(false)
	return nil
}

// Detach makes the connection one of Go's runtime, which several goroutines may use at a time. Whatever the error, c is no more.
func (c *Conn) Detach() (net.Conn, error) {
	c.mu.Lock()
	fd, err := unix.FcntlInt(uintptr(c.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = c.arm(armedNot) // epoll knows what the descriptor stands for, and that lives on
	}
	c.mu.Unlock()
	_ = c.Close()
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	f := os.NewFile(uintptr(fd), "")
	defer f.Close()
	return net.FileConn(f)
}

// Close closes the connection. It is called by whoever has it: in the loop, or by the goroutine it is lent to.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.closed = true
	c.loop.Load().group.table.set(c.fd, nil)
	return unix.Close(c.fd)
}

// CloseWrite ends the stream that is sent.
func (c *Conn) CloseWrite() error { return c.shutdown(unix.SHUT_WR) }

// Interrupt has the loop call the Handler though there may be nothing to read, if the loop has the connection.
func (c *Conn) Interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed && !c.lent.Load() {
		_ = c.arm(unix.EPOLLIN | unix.EPOLLOUT) // it can be written to
	}
}

// Abort ends the connection, whoever has it. It still must be closed, by who has it.
func (c *Conn) Abort() { _ = c.shutdown(unix.SHUT_RDWR) }

func (c *Conn) shutdown(how int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	return os.NewSyscallError("shutdown", unix.Shutdown(c.fd, how))
}
