// Package wire writes answers to a connection: each chunk within a timeout, and pieces of mapped
// memory without a copy of their own where the system can do that.
//
//	conn.go       Write, with deadlines
//	spans_linux   Spans: many pieces of mapped memory, by writev_linux
package wire

import (
	"net"
	"syscall"
	"time"

	"github.com/tarpack/tpk/serve/internal/transfer"
)

// Conn is a connection to which one goroutine at a time writes.
type Conn struct {
	net.Conn
	// Now is when something was last known to happen on the connection. To ask for the time costs
	// as much as finding a file.
	Now time.Time

	timeout  time.Duration
	deadline time.Time // the write deadline that is set, or an earlier time
	// raw is syscall.RawConn.Write, or RawWrite of an event loop's connection; nil without a
	// descriptor.
	raw    func(write func(fd uintptr) bool) error
	vector vector
}

// Init makes c write to nc, which gets timeout for each chunk. If nc has a descriptor, Spans
// can send from mapped memory.
func (c *Conn) Init(nc net.Conn, timeout time.Duration) {
	*c = Conn{Conn: nc, Now: time.Now(), timeout: timeout}
	if s, ok := nc.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			c.raw = raw.Write
		}
	}
}

// Replace makes nc the connection instead of the one before, which it is made of, and raw its way
// to the descriptor.
func (c *Conn) Replace(nc net.Conn, raw func(write func(fd uintptr) bool) error) {
	c.Conn, c.raw = nc, raw
}

// HasDescriptor reports whether the connection is one of TCP or a unix socket, and not of TLS.
func (c *Conn) HasDescriptor() bool { return c.raw != nil }

// ForgetDeadline must be called after a write deadline was set by something else.
func (c *Conn) ForgetDeadline() { c.deadline = time.Time{} }

// Write writes p in chunks. The client must take each within the timeout.
func (c *Conn) Write(p []byte) (total int, err error) {
	c.Now = time.Now()
	for len(p) > transfer.Chunk {
		n, err := c.WriteChunk(p[:transfer.Chunk])
		total += n
		if p = p[n:]; err != nil {
			return total, err
		}
		c.Now = time.Now()
	}
	n, err := c.WriteChunk(p)
	return total + n, err
}

// WriteChunk writes p, about a chunk or less, with the deadline for a chunk that begins at Now.
func (c *Conn) WriteChunk(p []byte) (int, error) {
	if err := c.armWrite(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// armWrite sets the deadline for a chunk that is written at the time Now. It sets it a while ahead,
// so that few writes pay for it.
func (c *Conn) armWrite() error {
	if c.Now.Add(c.timeout).After(c.deadline) {
		c.deadline = c.Now.Add(c.timeout + c.timeout/8)
		return c.SetWriteDeadline(c.deadline)
	}
	return nil
}
