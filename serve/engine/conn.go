package engine

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is a connection of HTTP/1.x.
type conn struct {
	net.Conn
	e      *Engine
	loop   loopConn                                // it is Conn as well, and waits for requests; nil if a goroutine waits
	raw    func(write func(fd uintptr) bool) error // TCP and unix sockets: as of a syscall.RawConn; nil for TLS
	closed atomic.Bool

	buf      *[]byte // what was read; nil while there is nothing
	r, w     int     // the part of it that is not used yet
	requests int
	now      time.Time // when something was last known to happen: asking for the time costs as much as finding a file
	left     bool      // net/http has it now; guarded by the registry, but for the connection's own goroutine
	tail     *replayed // what net/http is to get
	sending  sending
	vector   vector

	readUntil, writeUntil time.Time // the deadlines that are set, at least

	turn turn // of the loop
}

// loopConn is a connection of an event loop, see eventloop.Conn.
type loopConn interface {
	net.Conn
	Return() error
	Detach() (net.Conn, error)
	Interrupt()
	Abort()
}

// readSize is the room for requests; larger ones get larger buffers, up to Config.MaxHeader.
const readSize = 4 << 10

var readBuffers = sync.Pool{New: func() any { b := make([]byte, readSize); return &b }}

func (e *Engine) newConn(nc net.Conn) *conn {
	c := &conn{Conn: nc, e: e, now: time.Now()}
	if s, ok := nc.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			c.raw = raw.Write
		}
	}
	return c
}

// Close closes the connection, once. One that is to go back to its loop stays open.
func (c *conn) Close() error {
	if c.turn.parked {
		return nil
	}
	if c.closed.Swap(true) {
		return nil
	}
	c.e.conns.remove(c)
	return c.Conn.Close()
}

// dropBuffer gives the buffer back, whose content is used up.
func (c *conn) dropBuffer() {
	if c.buf != nil && len(*c.buf) == readSize {
		readBuffers.Put(c.buf)
	}
	c.buf = nil
}

// fill reads more of a request that has begun. A head that has become too large, or is not one, ends it with a status.
func (c *conn) fill(began *time.Time) (status int, err error) {
	if began.IsZero() {
		*began = time.Now()
		c.readUntil = time.Time{}
		if err := c.SetReadDeadline(began.Add(c.e.config.HeaderTimeout)); err != nil {
			return 0, err
		}
	}
	have := (*c.buf)[c.r:c.w]
	if len(have) >= c.e.config.MaxHeader {
		return 431, nil
	}
	if badStart(have) {
		return 400, nil
	}
	if c.w == len(*c.buf) {
		b := (*c.buf)
		if c.r == 0 {
			b = make([]byte, min(2*len(b), c.e.config.MaxHeader))
		}
		n := copy(b, have)
		c.buf, c.r, c.w = &b, 0, n
	}
	n, err := c.Conn.Read((*c.buf)[c.w:])
	c.w += n
	if n > 0 {
		return 0, nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.e.draining.Load() {
		return 408, nil
	}
	return 0, err
}

// badStart tells if the beginning of a head can't become one: so a client that speaks TLS or ends its lines with LF
// alone is told at once, and does not wait for a timeout.
func badStart(b []byte) bool {
	if len(b) > 0 && tokenChar[b[0]] == 0 && b[0] != '\r' {
		return true
	}
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			return false
		}
		if i == 0 || b[i-1] != '\r' {
			return true
		}
		b = b[i+1:]
	}
}

// Write writes a response, or a part of it, within the timeout that a client has for a chunk.
func (c *conn) Write(p []byte) (total int, err error) {
	c.now = time.Now()
	for len(p) > chunk {
		n, err := c.write(p[:chunk])
		total += n
		if p = p[n:]; err != nil {
			return total, err
		}
		c.now = time.Now()
	}
	n, err := c.write(p)
	return total + n, err
}

// write writes at most a chunk, at the time c.now.
func (c *conn) write(p []byte) (int, error) {
	if err := c.armWrite(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// armWrite sets the deadline for a chunk that is sent at the time c.now.
func (c *conn) armWrite() error {
	limit := c.e.config.WriteTimeout
	if c.now.Add(limit).After(c.writeUntil) {
		c.writeUntil = c.now.Add(limit + limit/8)
		return c.SetWriteDeadline(c.writeUntil)
	}
	return nil
}

// linger ends a connection on which the client may still be sending: were it closed at once, the answer could be
// lost to a reset (RFC 9112 §9.6).
func (c *conn) linger() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if ok && half.CloseWrite() == nil {
		err, end := os.ErrDeadlineExceeded, time.Now().Add(lingerTime)
		for left := int64(lingerBytes); left > 0 && errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(end); {
			_ = c.SetReadDeadline(end) // anew, since Shutdown sets another
			var n int64
			n, err = io.CopyN(io.Discard, c.Conn, left)
			left -= n
		}
	}
	_ = c.Close()
}

// interrupt ends the wait for another request.
func (c *conn) interrupt() {
	if c.loop != nil {
		c.loop.Interrupt()
	}
	_ = c.SetReadDeadline(time.Unix(1, 0))
}

// abort cuts the connection off.
func (c *conn) abort() {
	if c.loop != nil {
		c.loop.Abort()
		return
	}
	_ = c.Conn.Close()
}

const (
	lingerTime  = time.Second
	lingerBytes = 1 << 20
)

// fromPeer tells if an error is the connection's: the client went away or took nothing for too long.
func fromPeer(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
		return true
	}
	for _, gone := range []syscall.Errno{syscall.EPIPE, syscall.ECONNRESET, syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return false
}
