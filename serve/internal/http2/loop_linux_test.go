package http2

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/eventloop"
	"github.com/tarpack/tpk/serve/internal/respond"
)

// owner is the owner of a connection in a loop.
type owner struct {
	*eventloop.Conn
	done  chan struct{}
	timer *time.Timer
	mu    sync.Mutex
}

func (o *owner) Close() error {
	close(o.done)
	return o.Conn.Close()
}

func (o *owner) Expect(at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.timer.Stop()
	if !at.IsZero() {
		o.timer = time.AfterFunc(time.Until(at), o.Interrupt)
	}
}

func init() {
	drivers["loop"] = func(t *testing.T, s *Server, nc net.Conn, done chan struct{}) func() {
		g, err := eventloop.Shared()
		if err != nil {
			t.Fatal(err)
		}
		c, err := g.Take(nc)
		if err != nil {
			t.Fatal(err)
		}
		o := &owner{Conn: c, done: done, timer: time.NewTimer(time.Hour)}
		if err := c.Start(s.Handler(c, o, &respond.Peer{}, nil, time.Now())); err != nil {
			t.Fatal(err)
		}
		return c.Interrupt
	}
}
