package http2

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/tarpack/tpk/serve/internal/respond"
)

// blocking drives a connection without an event loop. One goroutine reads; it and those that answer
// write.
type blocking struct {
	nc net.Conn

	mu        sync.Mutex
	conn      *conn
	lingering time.Time // until when what comes is thrown away, since output has ended; or zero
	dead      bool      // nothing can be sent any more
}

// Serve answers the requests of a connection until it ends. The caller closes it then. first is
// what was read from it already.
func (s *Server) Serve(nc net.Conn, peer *respond.Peer, first []byte) {
	b := &blocking{nc: nc}
	now := time.Now()
	b.conn = newConn(s, peer, now, b.wake)
	in := make([]byte, maxFrame)
	for alive := b.step(first, nil); alive; {
		n, err := nc.Read(in)
		alive = b.step(in[:n], err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dead = true
	b.conn.end()
}

// step handles what was read, or an error of Read. It returns false if the connection has ended.
func (b *blocking) step(in []byte, err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	late := errors.Is(err, os.ErrDeadlineExceeded)
	switch {
	case b.dead, err != nil && !late && len(in) == 0:
		return false
	case !b.lingering.IsZero():
		_ = b.nc.SetReadDeadline(b.lingering) // again: a shutdown sets another one
		return time.Now().Before(b.lingering)
	}
	b.conn.receive(in)
	b.work()
	return !b.dead
}

// wake handles what a goroutine that answers has handed over.
func (b *blocking) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.dead && b.lingering.IsZero() {
		b.work()
	}
}

// work lets the connection do what it can, and writes its output. The lock is held.
func (b *blocking) work() {
	c := b.conn
	for {
		now := time.Now()
		c.turn(now)
		if len(c.out) == 0 {
			break
		}
		err := b.nc.SetWriteDeadline(now.Add(c.server.WriteTimeout))
		if err == nil {
			_, err = b.nc.Write(c.out)
		}
		if err != nil {
			b.dead = true
			_ = b.nc.Close() // Read ends
			return
		}
		c.times.skip(time.Since(now))
		c.wrote(len(c.out))
	}
	c.keep()
	c.rest()
	at := c.due()
	if c.ending {
		at = time.Now().Add(lingerTime)
		b.lingering = at
		if half, ok := b.nc.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}
	// It is for writes, too: TLS answers key updates while it reads, which the client may not take.
	_ = b.nc.SetDeadline(at) // if it fails, so does Read
}
