package http1

import (
	"errors"
	"net"
	"time"

	"github.com/tarpack/tpk/serve/internal/forwarded"
)

// introduce makes the client that a proxy has named the peer. It returns false if that client has
// too many connections.
func (c *Conn) introduce(in *forwarded.Introduction) bool {
	c.server.Responder.Introduce(&c.peer, in)
	return c.server.conns.countFor(c, c.server.MaxConnsPerIP, &c.server.Responder.Stats)
}

// meet reads the header of the PROXY protocol that the connection of a trusted proxy may begin
// with, in a goroutine. It returns false if the connection must be closed.
func (c *Conn) meet() bool {
	if !c.peer.Trusted {
		return true
	}
	if c.setReadDeadline(time.Now().Add(c.server.HeaderTimeout)) != nil {
		return false
	}
	c.readDeadline = time.Time{}
	var begun []byte
	room := make([]byte, 1<<10)
	for {
		n, err := c.wire.Conn.Read(room)
		begun = append(begun, room[:n]...)
		if n == 0 && err != nil {
			return false
		}
		in, n, err := forwarded.ParseIntroduction(begun)
		if errors.Is(err, forwarded.ErrMore) {
			continue
		}
		if err != nil || n > 0 && !c.introduce(&in) {
			return false
		}
		c.server.conns.wrap(c, begun[n:])
		return true
	}
}

// begun is a connection from which something was read that is read again.
type begun struct {
	net.Conn
	unread []byte
}

// Read implements net.Conn.
func (b *begun) Read(p []byte) (int, error) {
	if len(b.unread) > 0 {
		n := copy(p, b.unread)
		b.unread = b.unread[n:]
		return n, nil
	}
	return b.Conn.Read(p)
}

// CloseWrite ends the outgoing stream, if the connection below can do that.
func (b *begun) CloseWrite() error {
	if half, ok := b.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// NetConn returns the connection below, as a connection of TLS does.
func (b *begun) NetConn() net.Conn { return b.Conn }
