package http1

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/serve/internal/head"
	"github.com/tarpack/tpk/serve/internal/respond"
	"github.com/tarpack/tpk/serve/internal/wire"
)

// Conn is a connection of HTTP/1.x.
type Conn struct {
	server *Server
	wire   wire.Conn   // where answers go
	in     head.Buffer // what was read

	via          *Via
	peer         respond.Peer
	requests     int       // read so far
	readDeadline time.Time // the read deadline that is set, or an earlier time
	closed       atomic.Bool
	admitted     bool // the next request was counted for its client
	mustWait     int  // see respond.Exchange.Wait

	loop      loopConn // the event loop's side; nil while there is none
	loopState loopState

	first []byte // of a connection that goes on as HTTP/2: what was read already
}

// loopConn is a connection of an event loop: see eventloop.Conn.
type loopConn interface {
	Interrupt()
	Abort()
}

// known returns the peer with its address as text.
func (c *Conn) known() *respond.Peer {
	if c.peer.Remote == "" {
		c.peer.Remote = c.wire.RemoteAddr().String()
	}
	return &c.peer
}

// Reasons for which a connection ends or changes hands.
var (
	errLinger  = errors.New("the client may still be sending")
	errUpgrade = errors.New("connection preface of HTTP/2")
	errParked  = errors.New("the event loop waits for the next request")
)

func newConn(s *Server, nc net.Conn, via *Via) *Conn {
	c := &Conn{server: s, via: via,
		peer: s.Responder.NewPeer(nc.RemoteAddr(), via.TLS != nil, via.HTTPSPort)}
	c.wire.Init(nc, s.WriteTimeout)
	return c
}

// Run answers the connection's requests in the calling goroutine until it is closed.
func (c *Conn) Run() {
	switch {
	case !c.meet():
		_ = c.Close()
	case c.via.TLS != nil:
		c.ServeTLS()
	default:
		c.Serve()
	}
}

// Serve answers the connection's requests in the calling goroutine until the connection is closed,
// goes back to its loop.
func (c *Conn) Serve() {
	err := c.Answer()
	switch {
	case errors.Is(err, errParked):
		c.goBack()
	case errors.Is(err, errUpgrade) && c.loop != nil:
		c.upgradeInLoop()
	case errors.Is(err, errUpgrade):
		c.ServeHTTP2(c.first)
	default:
		_ = c.Close()
	}
}

// Answer answers requests until there will be no further one, and returns the reason, which is
// never nil.
func (c *Conn) Answer() error {
	for {
		err := c.wait()
		if err == nil {
			err = c.request()
		}
		if errors.Is(err, errLinger) {
			c.linger()
			return io.EOF
		}
		if err != nil {
			return err
		}
	}
}

// ServeHTTP2 goes on as HTTP/2 in the calling goroutine, until the connection is closed. first is
// what was read already.
func (c *Conn) ServeHTTP2(first []byte) {
	_ = c.wire.SetDeadline(time.Time{})
	c.server.http2.Serve(c.wire.Conn, c.known(), first)
	_ = c.Close()
}

// wait blocks until a request begins. If the connection belongs to an event loop it does not block:
// it returns errParked.
func (c *Conn) wait() error {
	if !c.in.Empty() {
		return nil
	}
	if c.loop != nil {
		c.in.Drop()
		return errParked
	}
	limit := c.patience()
	if c.wire.Now.Add(limit).After(c.readDeadline) {
		// Set a while ahead, so that few requests pay for it.
		c.readDeadline = c.wire.Now.Add(limit + limit/8)
		if err := c.setReadDeadline(c.readDeadline); err != nil {
			return err
		}
	}
	// This is read after the deadline was set: after Drain, interrupt sets a deadline in the past.
	if c.server.draining.Load() {
		return io.EOF
	}
	return c.in.Start(c.wire.Conn)
}

// setReadDeadline sets the deadline of reads, and of what TLS writes meanwhile: it answers key
// updates (RFC 8446 §4.6.3), which a client may send without end and take no answer. The next
// answer of the connection sets a write deadline of its own.
func (c *Conn) setReadDeadline(t time.Time) error {
	c.wire.ForgetDeadline()
	return c.wire.SetDeadline(t)
}

// patience returns how long the connection may wait for a request.
func (c *Conn) patience() time.Duration {
	if c.requests == 0 {
		return c.server.HeaderTimeout
	}
	return c.server.IdleTimeout
}

// Close closes the connection, once.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	c.server.remove(c)
	return c.wire.Close()
}

const (
	lingerTime  = time.Second
	lingerBytes = 1 << 20
)

// linger closes a connection on which the client may still be sending. If it were closed at once, a
// reset could destroy the answer (RFC 9112 §9.6).
func (c *Conn) linger() { c.lingerOn(c.wire.Conn) }

// lingerOn is linger for nc, which is the connection or what is below its TLS.
func (c *Conn) lingerOn(nc net.Conn) {
	half, ok := nc.(interface{ CloseWrite() error })
	if ok && half.CloseWrite() == nil {
		err, end := os.ErrDeadlineExceeded, time.Now().Add(lingerTime)
		for left := int64(lingerBytes); left > 0 && errors.Is(err, os.ErrDeadlineExceeded) &&
			time.Now().Before(end); {
			_ = c.setReadDeadline(end) // again each time: interrupt sets another one
			var n int64
			n, err = io.CopyN(io.Discard, nc, left)
			left -= n
		}
	}
	_ = c.Close()
}

// interrupt ends the wait for another request. The registry's lock is held.
func (c *Conn) interrupt() {
	if c.loop != nil {
		c.loop.Interrupt()
	}
	_ = c.wire.SetReadDeadline(time.Unix(1, 0))
}

// abort cuts the connection off. The registry's lock is held.
func (c *Conn) abort() {
	if c.loop != nil {
		c.loop.Abort()
		return
	}
	nc := c.wire.Conn
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn() // a close_notify may have to wait
	}
	_ = nc.Close()
}
