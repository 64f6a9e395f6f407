package engine

import (
	"errors"
	"io"
	"syscall"
)

// noFD: not in a turn.
const noFD = ^uintptr(0)

// wait waits for the first bytes of a request. A connection that waits holds no buffer. Where it can, it answers requests as they
// come, and returns when there is something else to do: what is read and not answered is in the buffer, or done and err are
// those of request.
func (c *conn) wait() (done bool, err error) {
	if c.r < c.w {
		return false, nil
	}
	if err := c.idle(); err != nil {
		return false, err
	}
	c.r, c.w = 0, 0
	if c.raw == nil {
		if c.buf == nil {
			c.buf = readBuffers.Get().(*[]byte)
		}
		if c.w, err = c.Conn.Read(*c.buf); c.w > 0 {
			err = nil // TLS 1.2 tells the end together with the last bytes, and then again
		}
		return false, err
	}
	c.dropBuffer()
	c.done, c.err = false, nil
	if err := c.raw.Read(c.turnCall); err != nil {
		return false, err
	}
	return c.done, c.err
}

// idle sees to it that the connection does not wait for the next request for ever.
func (c *conn) idle() error {
	limit := c.e.config.IdleTimeout
	if c.requests == 0 {
		limit = c.e.config.HeaderTimeout
	}
	if c.now.Add(limit).After(c.readUntil) {
		// Set a while ahead: so few requests pay for it.
		c.readUntil = c.now.Add(limit + limit/8)
		if err := c.SetReadDeadline(c.readUntil); err != nil {
			return err
		}
	}
	if c.e.draining.Load() { // looked at after the deadline was set: Shutdown sets it to the past after this is true
		return io.EOF
	}
	return nil
}

// turn is called when the connection may have something, and answers the requests that it has. It is false if there is nothing
// left, and is called again when there may be something; all else, such as a request of which only a part is there, it leaves to
// its caller. Leaving costs: a connection that was left is looked at once more, in vain, before it waits again.
//
// In a turn the connection must not be read, or closed, by other means.
func (c *conn) turn(fd uintptr) bool {
	for {
		n, last, err := c.receive(fd)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			return false
		case err != nil:
			c.err = err
			return true
		case n == 0:
			c.err = io.EOF
			return true
		}
		if c.r, c.w = 0, n; !c.answerAll(fd) {
			return true
		}
		c.dropBuffer()
		if c.err = c.idle(); c.err != nil {
			return true
		}
		if last {
			return false
		}
	}
}

// receive reads into a buffer from the pool, without waiting. The error is EAGAIN if there is nothing. Last tells that nothing is
// left; if it is false there may be something.
func (c *conn) receive(fd uintptr) (n int, last bool, err error) {
	c.buf = readBuffers.Get().(*[]byte)
	for {
		n, last, err = c.inquiry.read(c, fd, *c.buf)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			c.dropBuffer()
		}
		return n, last, err
	}
}

// answerAll answers the requests in the buffer. It is false if something is left to do.
func (c *conn) answerAll(fd uintptr) bool {
	j := jobs.Get().(*job)
	c.fd = fd
	for c.r < c.w && !c.done && c.err == nil {
		head := c.head()
		if head == nil {
			break
		}
		c.done, c.err = c.parsed(j, head)
	}
	c.fd = noFD
	jobs.Put(j)
	return c.r == c.w && !c.done && c.err == nil
}
