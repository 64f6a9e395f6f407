package http2

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// blocking drives a connection without an event loop. One goroutine reads; it and those that answer
// write.
type blocking struct {
	nc net.Conn

	mu        sync.Mutex
	conn      *conn
	lingering bool // output has ended, and what comes is thrown away
	dead      bool // nothing can be sent any more
}

// Serve answers the requests of a connection until it ends. The caller closes it then. first is
// what was read from it already.
func (s *Server) Serve(nc net.Conn, first []byte) {
	b := &blocking{nc: nc}
	now := time.Now()
	b.conn = newConn(s, nc.RemoteAddr().String(), now, b.wake)
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
	case b.dead, err != nil && !late && len(in) == 0, b.lingering && late:
		return false
	case b.lingering:
		return true
	}
	b.conn.receive(in)
	b.work()
	return !b.dead
}

// wake handles what a goroutine that answers has handed over.
func (b *blocking) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.dead && !b.lingering {
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
		c.wrote(len(c.out))
	}
	c.keep()
	c.rest()
	at := c.due()
	if c.ending {
		b.lingering = true
		at = time.Now().Add(lingerTime)
		if half, ok := b.nc.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}
	_ = b.nc.SetReadDeadline(at) // if it fails, so does Read
}
