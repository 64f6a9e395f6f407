package http1

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve/internal/eventloop"
	"github.com/tarpack/tpk/serve/internal/respond"
	"github.com/tarpack/tpk/serve/internal/tlsconn"
)

// loopState is what a connection needs while it belongs to an event loop, or has come from one.
type loopState struct {
	conn   eventloop.Transport
	room   []byte // the loop's memory, during Ready
	unsent bool   // the connection has taken something that the client has not
	// expires is the eventloop.Monotonic at which the wait for a request has taken too long, or 0
	// while there is no wait.
	expires  atomic.Int64
	upgraded atomic.Bool // to HTTP/2, which is interrupted when it expires, and not cut off
	pending  *pending    // an answer that the client did not take at once
}

// pending is an answer, x.Out, that the client has taken a part of.
type pending struct {
	x    *respond.Exchange
	head int // bytes of the head in x.Out
	sent int // bytes that the client has
}

// errMustWait ends the loop's work on a connection, which needs a goroutine.
var errMustWait = errors.New("that can't be done at once")

// ToLoop lets an event loop answer the connection. It returns false if that is not possible: for
// archives that are looked for on disk at each request, and if there are no loops or no
// descriptors.
func (c *Conn) ToLoop() bool {
	s := c.server
	if !c.wire.HasDescriptor() || s.Responder.Library.Nested() {
		return false
	}
	group, err := eventloop.Shared()
	if err != nil {
		return false
	}
	s.expiring.Do(func() { go s.expire() })
	ec, err := group.Take(c.wire.Conn)
	if err != nil {
		return false
	}
	var conn eventloop.Transport = ec
	var first eventloop.Handler = c
	raw := ec.RawWrite
	if c.via.TLS != nil {
		secure := tlsconn.New(ec, c.via.TLS)
		conn, first, raw = secure, &handshake{c, secure}, nil
	}
	c.loopState.conn = conn
	c.expectRequest(c.wire.Now)
	if c.peer.Trusted {
		first = &introduction{conn: c, below: ec, next: first}
	}
	s.conns.replace(c, conn, raw, conn)
	if conn.Start(first) != nil {
		_ = c.Close()
	}
	return true
}

// Alive waits until each event loop has shown that it does not hang. It returns the error of ctx if
// that ends first.
func Alive(ctx context.Context) error {
	group, err := eventloop.Shared()
	if err != nil {
		return nil // every connection has a goroutine
	}
	return group.Visit(ctx)
}

// expectRequest sets when the wait for a request becomes too long.
func (c *Conn) expectRequest(now time.Time) {
	c.loopState.expires.Store(eventloop.Monotonic(now.Add(c.patience())))
}

// expire cuts off connections that wait for a request for too long, and interrupts those of HTTP/2.
// One goroutine does it for all, so that a wait costs no timer.
func (s *Server) expire() {
	tick := time.NewTicker(max(time.Millisecond, min(time.Second, s.HeaderTimeout/4, s.IdleTimeout/4,
		s.WriteTimeout/4)))
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case now := <-tick.C:
			s.conns.each(func(c *Conn) {
				at := c.loopState.expires.Load()
				switch {
				case at == 0 || eventloop.Monotonic(now) <= at:
				case c.loopState.upgraded.Load():
					c.loop.Interrupt()
				default:
					c.abort()
				}
			})
		}
	}
}

// Ready implements eventloop.Handler. It answers what has come, as long as that needs nothing but
// memory. The first request that needs more is left to a goroutine, and so is a client that does
// not take its answers.
func (c *Conn) Ready(room []byte, now time.Time) {
	err := c.answerAll(room, now)
	sent, failed := c.loopState.conn.Flush()
	c.loopState.unsent = !sent
	switch {
	case failed != nil:
		_ = c.Close()
	case errors.Is(err, errMustWait), c.loopState.unsent:
		c.runInGoroutine()
	case !errors.Is(err, unix.EAGAIN):
		_ = c.Close()
	}
}

// answerAll answers all requests that have come. It returns EAGAIN then, errMustWait if the
// connection needs a goroutine, and any other error if it ends.
func (c *Conn) answerAll(room []byte, now time.Time) error {
	n, err := c.loopState.conn.TryRead(room)
	if err != nil {
		if c.server.draining.Load() {
			return io.EOF
		}
		return err
	}
	c.loopState.room = room
	x := respond.NewExchange()
	for err == nil {
		c.in.Borrow(&c.loopState.room, n)
		for err == nil && !c.in.Empty() {
			if head := c.in.Next(); head == nil {
				err = errMustWait
			} else {
				err = c.answerAtOnce(x, head, now)
			}
		}
		if err == nil {
			c.in.Return()
			n, err = c.loopState.conn.TryRead(room)
		}
	}
	if c.loopState.pending == nil {
		x.Free()
	}
	c.expectRequest(now)
	return err
}

// answerAtOnce answers the request of the head b, or leaves it untouched and returns errMustWait.
// If the client takes only a part of the answer, the rest becomes pending and the error is
// errMustWait, too.
func (c *Conn) answerAtOnce(x *respond.Exchange, b []byte, now time.Time) error {
	s, r := c.server, c.server.Responder
	if len(b) > s.MaxHeader {
		return errMustWait
	}
	c.begin(x, now)
	h := c.parse(x, b)
	if h.Status != 0 || h.Preface || h.Content || h.Close || s.last.Load() {
		return errMustWait
	}
	if !r.PrepareAtOnce(x) {
		x.Release()
		return errMustWait
	}
	r.AppendHead(x, persistence(&h))
	start := len(x.Out)
	if !x.BodyAtOnce() {
		x.Release()
		return errMustWait
	}
	c.requests++
	c.admitted = false
	c.in.Use(len(b))
	n, err := c.loopState.conn.TryWrite(x.Out)
	if err == nil && n < len(x.Out) {
		x.Own()
		c.loopState.pending = &pending{x: x, head: start, sent: n}
		return errMustWait
	}
	if err != nil && !fromPeer(err) {
		go r.Errors.Add(respond.AbortError(x, err)) // the log may take its time
	}
	r.Finish(x, int64(max(n-start, 0)))
	return err
}

// runInGoroutine gives the connection to a goroutine, with what was read and not answered.
func (c *Conn) runInGoroutine() {
	c.loopState.expires.Store(0)
	c.in.Keep()
	c.loopState.conn.Leave(func() {
		if c.sendRest() != nil {
			_ = c.Close()
			return
		}
		c.Serve()
	})
}

// sendRest sends what the client has not taken yet.
func (c *Conn) sendRest() error {
	p := c.loopState.pending
	if p == nil {
		if c.loopState.unsent {
			_, err := c.wire.Write(nil) // with the usual timeout
			return err
		}
		return nil
	}
	n, err := c.wire.Write(p.x.Out[p.sent:])
	if err != nil {
		c.aborted(p.x, err)
	}
	c.server.Responder.Finish(p.x, int64(max(p.sent+n-p.head, 0)))
	p.x.Free()
	c.loopState.pending = nil
	return err
}

// goBack gives the connection back to its loop.
func (c *Conn) goBack() {
	c.expectRequest(c.wire.Now)
	c.readDeadline = time.Time{}
	c.wire.ForgetDeadline()
	_ = c.wire.SetDeadline(time.Time{})
	if c.loopState.conn.Return() != nil {
		_ = c.Close()
	}
}

// upgradeInLoop gives the connection back to its loop, where it goes on as HTTP/2.
func (c *Conn) upgradeInLoop() {
	t := c.loopState.conn
	c.loopState.upgraded.Store(true)
	c.wire.Now = time.Now()
	t.Handle(c.server.http2.Handler(t, c, c.known(), c.first, c.wire.Now))
	t.Interrupt()
	c.goBack()
}

// Expect implements http2.Owner.
func (c *Conn) Expect(at time.Time) {
	if at.IsZero() {
		c.loopState.expires.Store(0)
	} else {
		c.loopState.expires.Store(eventloop.Monotonic(at))
	}
}
