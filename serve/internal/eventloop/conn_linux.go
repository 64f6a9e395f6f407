package eventloop

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Conn is a connection of a Group. Interrupt, Abort and the deadlines may be used at any time.
// Everything else is for the side to which the connection belongs.
type Conn struct {
	fd            int
	number        uint32
	loop          atomic.Pointer[loop]
	handler       Handler
	local, remote net.Addr
	lent          atomic.Bool // to a goroutine: set by the loop, cleared by the goroutine
	interrupted   atomic.Bool // Interrupt was called, and Ready was not since

	// These belong to the loop.
	received bool // Ready has called TryRead, which reads once
	awaits   bool // Ready has called Await
	rearm    bool // armed is for Await

	unread []byte // what is read again first

	mu      sync.Mutex
	closed  bool
	armed   uint32 // the events that epoll reports
	waits   bool   // the goroutine waits for wake
	wake    chan struct{}
	reading deadline
	writing deadline
}

// deadline is when a wait ends; never if it is zero.
type deadline struct{ time.Time }

// Events that epoll reports.
const (
	armedNot     = 0                                // epoll does not have the descriptor
	armedForLoop = unix.EPOLLIN                     // repeatedly
	armedForRoom = unix.EPOLLOUT                    // repeatedly, for Await
	armedToRead  = unix.EPOLLIN | unix.EPOLLONESHOT // for the goroutine, once
	armedToWrite = unix.EPOLLOUT | unix.EPOLLONESHOT
)

// arm makes epoll report events. The lock is held.
func (c *Conn) arm(events uint32) error {
	op := unix.EPOLL_CTL_MOD
	switch {
	case c.closed:
		return net.ErrClosed // the descriptor may be another connection's
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

// enter makes epoll report events to the loop, which calls the Handler at once if the connection
// was interrupted. The lock is held.
func (c *Conn) enter() error {
	if err := c.arm(armedForLoop); err != nil {
		return err
	}
	if c.interrupted.Load() {
		c.loop.Load().calls.add(c)
	}
	return nil
}

// notify wakes the goroutine that has the connection. It returns false if none has it. It is called
// in the loop.
func (c *Conn) notify() bool {
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
		_ = c.arm(armedNot) // nothing waits for it now, and epoll would report it repeatedly
	}
	return true
}

// rouse ends the wait of the goroutine, which then looks again. The lock is held.
func (c *Conn) rouse() {
	c.waits = false
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// wait blocks until an event that it arms has come, or a deadline was changed.
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

// usable returns an error if the connection is closed or the deadline has passed.
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

// Leave lends the connection to a goroutine, which calls f. It is called in the loop, which does
// not touch the connection any more.
func (c *Conn) Leave(f func()) {
	c.lent.Store(true)
	c.loop.Load().lent = true
	go f()
}

// Return gives the connection back to the loop. After an error the goroutine still has it.
func (c *Conn) Return() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter(); err != nil {
		return err
	}
	c.lent.Store(false)
	return nil
}

// Close closes the connection. It must be called in the loop, or by the goroutine to which it is
// lent.
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

// CloseWrite ends the outgoing stream.
func (c *Conn) CloseWrite() error { return c.shutdown(unix.SHUT_WR) }

// Interrupt makes the loop call the Handler, even if there is nothing to read: at once, or after
// Start or Return.
func (c *Conn) Interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	again := c.interrupted.Swap(true)
	if !again && !c.closed && !c.lent.Load() && c.armed != armedNot {
		c.loop.Load().calls.add(c)
	}
}

// due reports whether the Handler must be called because of Interrupt. A connection that is lent is
// called after Return.
func (c *Conn) due() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.interrupted.Load() && !c.closed && !c.lent.Load()
}

// Await makes the loop call the Handler when the connection can be written to, and not when
// something can be read. That holds until the call. It must be called in Ready.
func (c *Conn) Await() { c.awaits, c.rearm = true, true }

// ready calls the Handler, in the loop, and then makes epoll report what the loop waits for.
func (c *Conn) ready(room []byte, now time.Time) {
	if c.interrupted.Load() {
		c.interrupted.Store(false)
	}
	c.received, c.awaits = false, false
	c.handler.Ready(room, now)
	if !c.rearm {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.lent.Load() {
		return // Return arms
	}
	events := uint32(armedForLoop)
	if c.rearm = c.awaits; c.awaits {
		events = armedForRoom
	}
	_ = c.arm(events) // the descriptor is epoll's already
}

// HungUp reports whether the client has ended its side of the connection. It may be used at any
// time.
func (c *Conn) HungUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed || HungUp(c.fd)
}

// HungUp reports whether the client has ended its side of the connection with a descriptor. What it
// has sent before need not have been read.
func HungUp(fd int) bool {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(p, 0)
	return n > 0 && err == nil
}

// Abort ends the connection, whichever side has it. That side still must close it.
func (c *Conn) Abort() { _ = c.shutdown(unix.SHUT_RDWR) }

func (c *Conn) shutdown(how int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	return os.NewSyscallError("shutdown", unix.Shutdown(c.fd, how))
}
