package tlsconn

import (
	"crypto/tls"
	"net"

	"github.com/tarpack/tpk/serve/internal/eventloop"
)

// Conn is a server's connection of TLS. It implements eventloop.Transport, after Handshake.
type Conn struct {
	eventloop.Transport // the connection below
	tls                 *tls.Conn
	records             records
}

// New returns the connection of TLS over ec.
func New(ec *eventloop.Conn, config *tls.Config) *Conn {
	c := &Conn{Transport: ec, records: records{conn: ec}}
	c.tls = tls.Server(&c.records, config)
	return c
}

// Handshake does the handshake, and returns the protocol that was agreed on (RFC 7301), or "". It
// must be called by a goroutine that has the connection. What it has to send at the end is sent
// with the first answer, or by Flush.
func (c *Conn) Handshake() (protocol string, err error) {
	c.records.waiting = true
	if err := c.tls.Handshake(); err != nil {
		return "", err
	}
	return c.tls.ConnectionState().NegotiatedProtocol, nil
}

// TryRead implements eventloop.Transport.
func (c *Conn) TryRead(b []byte) (int, error) {
	c.records.waiting = false
	n, err := c.tls.Read(b)
	if n > 0 {
		return n, nil // an error comes again
	}
	return 0, err
}

// TryWrite implements eventloop.Transport. It sends what it has as soon as that is much. Up to
// sendAt bytes and a record are kept then if the client does not take them.
func (c *Conn) TryWrite(b []byte) (n int, err error) {
	c.records.waiting = false
	for n < len(b) {
		if c.records.unsent() >= sendAt {
			if sent, err := c.records.trySend(); !sent {
				return n, err
			}
		}
		k, err := c.tls.Write(b[n : n+min(len(b)-n, recordSize)])
		if n += k; err != nil {
			return n, err
		}
	}
	return n, nil
}

// Flush implements eventloop.Transport.
func (c *Conn) Flush() (bool, error) { return c.records.trySend() }

// Read implements net.Conn, for the goroutine that has the connection.
func (c *Conn) Read(b []byte) (int, error) {
	c.records.waiting = true
	return c.tls.Read(b)
}

// Write implements net.Conn, for the goroutine that has the connection. It sends also what Flush
// has left.
func (c *Conn) Write(b []byte) (n int, err error) {
	c.records.waiting = true
	for n < len(b) {
		k, err := c.tls.Write(b[n : n+min(len(b)-n, recordSize)])
		if n += k; err != nil {
			return n, err
		}
		if c.records.unsent() >= sendAt {
			if err := c.records.send(); err != nil {
				return n, err
			}
		}
	}
	return n, c.records.send()
}

// Return implements eventloop.Transport. The loop calls the Handler at once, since something may
// have been received already.
func (c *Conn) Return() error {
	c.Interrupt()
	return c.Transport.Return()
}

// CloseWrite implements eventloop.Transport. It sends close_notify (RFC 8446 §6.1) and ends the
// stream below. In a loop it makes one attempt to send, and does not wait.
func (c *Conn) CloseWrite() error {
	err := c.tls.CloseWrite()
	if err == nil && c.records.waiting {
		err = c.records.send()
	} else if err == nil {
		_, err = c.records.trySend()
	}
	if err != nil {
		return err
	}
	return c.Transport.CloseWrite()
}

// Close implements net.Conn. It makes one attempt to send close_notify, and does not wait.
func (c *Conn) Close() error { return c.tls.Close() }

var _ net.Conn = (*records)(nil)
