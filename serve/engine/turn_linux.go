package engine

import (
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve/eventloop"
	"github.com/tarpack/tpk/serve/plan"
)

// turn is what a connection has to do with its loop.
type turn struct {
	conn    *eventloop.Conn
	room    []byte       // the loop's, while it answers
	expires atomic.Int64 // when the loop has waited long enough for a request, as eventloop.Monotonic tells it; 0 while it does not wait
	parked  bool         // the goroutine has nothing more to do: the connection goes back to the loop
	owed    *job         // an answer that the client did not take at once
	member  int          // bytes of its body that are behind what is in owed.out
	sent    int          // bytes of both that the client has
	head    int          // bytes of the head
}

// toLoop lets an event loop answer a connection. It is false if that can't be done: TLS, or a system that has no loops.
func (e *Engine) toLoop(c *conn) bool {
	if c.raw == nil || e.config.Library.Nested() { // there every path has to be looked for on disk
		return false
	}
	group, err := eventloop.Shared()
	if err != nil {
		return false // no descriptors are left, most likely
	}
	e.expiring.Do(func() { go e.expire() })
	ec, err := group.Take(c.Conn)
	if err != nil {
		return false
	}
	c.turn.conn, c.raw = ec, ec.RawWrite
	c.turn.expires.Store(eventloop.Monotonic(c.now.Add(c.patience())))
	e.conns.replace(c, ec, ec)
	if ec.Start(c) != nil {
		_ = c.Close()
	}
	return true
}

// expire cuts connections off on which no request has come for too long.
func (e *Engine) expire() {
	tick := time.NewTicker(max(time.Millisecond, min(time.Second, e.config.HeaderTimeout/4, e.config.IdleTimeout/4)))
	defer tick.Stop()
	for {
		select {
		case <-e.done:
			return
		case now := <-tick.C:
			e.conns.each(func(c *conn) {
				if at := c.turn.expires.Load(); at != 0 && eventloop.Monotonic(now) > at {
					c.abort()
				}
			})
		}
	}
}

// Ready implements eventloop.Handler: it answers what has come, as long as that needs nothing but memory. For all else the
// connection gets a goroutine for a while, which begins with the request that could not be answered.
func (c *conn) Ready(room []byte, now time.Time) {
	n, err := c.turn.conn.TryRead(room)
	switch {
	case errors.Is(err, unix.EAGAIN) && !c.e.draining.Load():
		return
	case err != nil:
		_ = c.Close()
		return
	}
	c.turn.room = room
	c.buf, c.r, c.w = &c.turn.room, 0, n
	j := jobs.Get().(*job)
	for c.r < c.w && err == nil {
		head := c.head()
		if head == nil {
			err = errWaits
			break
		}
		err = c.instantly(j, head, now)
	}
	if c.turn.owed != j {
		jobs.Put(j)
	}
	switch {
	case err == nil:
		c.buf = nil
		c.turn.expires.Store(eventloop.Monotonic(now.Add(c.patience())))
	case errors.Is(err, errWaits):
		c.lend()
	default:
		_ = c.Close()
	}
}

// errWaits ends a loop's work on a connection that needs a goroutine.
var errWaits = errors.New("it can't be done at once")

// instantly answers the request of a head, or leaves it untouched and says errWaits. If the client takes only a part of
// the answer, the rest is owed.
func (c *conn) instantly(j *job, b []byte, now time.Time) error {
	if len(b) > c.e.config.MaxHeader {
		return errWaits
	}
	j.reset(c, now)
	h := parseHead(b, j, c.e.config.Access != nil)
	if h.status != 0 || h.preface || h.body || h.codings > 0 || h.close || c.e.draining.Load() {
		return errWaits
	}
	if !c.e.prepareInstantly(j) {
		j.release()
		return errWaits
	}
	if h.minor == 0 && c.e.config.Access != nil {
		j.proto = "HTTP/1.0"
	}
	j.out = c.e.appendHead(j.out[:0], j, h.options(false))
	head := len(j.out)
	body, ok := j.instantBody()
	if !ok {
		j.release()
		return errWaits
	}
	c.requests++
	c.r += len(b)
	n, err := c.turn.conn.TryWrite(j.out, body)
	if err == nil && n < len(j.out)+len(body) {
		j.own()
		c.turn.owed, c.turn.member, c.turn.sent, c.turn.head = j, len(body), n, head
		return errWaits
	}
	if err != nil && !fromPeer(err) {
		go c.e.complaints.add(aborted(j, err)) // whoever is told may take his time
	}
	c.e.finish(j, int64(max(n-head, 0)))
	return err
}

// prepareInstantly plans the request, unless that takes more than memory.
func (e *Engine) prepareInstantly(j *job) bool {
	j.view.Instant = true
	err := e.plan(j)
	j.view.Instant = false
	return err == nil && j.plan.Body.Kind != plan.ListingBody && j.plan.Status != 400
}

// instantBody gives the body, if it is mapped and in memory, or appends it to the head. It is false if it has to be waited for.
func (j *job) instantBody() (body []byte, ok bool) {
	b := &j.plan.Body
	switch {
	case !j.plan.Sends():
		return nil, true
	case b.Kind == plan.TextBody:
		j.out = append(j.out, b.Text...)
		return nil, true
	case b.Kind != plan.SpanBody || b.Length > inlineBody:
		return nil, false
	case j.wantsMember():
		if member := j.view.Member(&b.Node, j.Now); member != nil {
			return member, true
		}
	}
	read := j.room(b.Length)
	if !j.view.ReadInstantly(&b.Node, read, b.Offset) || j.damaged(read) {
		return nil, false
	}
	if j.wantsMember() {
		j.view.Note(&b.Node)
	}
	return nil, true
}

// lend gives the connection a goroutine, and a buffer of its own.
func (c *conn) lend() {
	c.turn.expires.Store(0)
	rest := (*c.buf)[c.r:c.w]
	c.buf, c.r, c.w = nil, 0, len(rest)
	if len(rest) > 0 {
		c.buf = readBuffers.Get().(*[]byte)
		if len(rest) > len(*c.buf) {
			readBuffers.Put(c.buf)
			b := make([]byte, len(rest))
			c.buf = &b
		}
		copy(*c.buf, rest)
	}
	c.turn.conn.Leave(c.serveLent)
}

// serveLent is what the goroutine does.
func (c *conn) serveLent() {
	if c.turn.owed != nil && c.pay() != nil {
		_ = c.Close()
		return
	}
	c.e.serveConn(c)
}

// pay sends what is owed.
func (c *conn) pay() error {
	j := c.turn.owed
	sent, err := c.writeRest(j, c.turn.member, c.turn.sent)
	if err != nil {
		c.e.broke(j, err)
	}
	c.e.finish(j, int64(max(sent-c.turn.head, 0)))
	jobs.Put(j)
	c.turn.owed = nil
	return err
}

// goBack gives the connection back to the loop.
func (c *conn) goBack() {
	c.turn.parked = false
	c.turn.expires.Store(eventloop.Monotonic(c.now.Add(c.patience())))
	c.readUntil, c.writeUntil = time.Time{}, time.Time{}
	_ = c.SetDeadline(time.Time{})
	if c.turn.conn.Return() != nil {
		_ = c.Close()
	}
}

// detach makes the connection one of Go's runtime.
func (c *conn) detach() error {
	if c.loop == nil {
		return nil
	}
	nc, err := c.turn.conn.Detach()
	if err == nil {
		c.e.conns.replace(c, nc, nil)
	}
	return err
}
