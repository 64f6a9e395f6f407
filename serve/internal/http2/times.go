package http2

import (
	"time"

	"golang.org/x/net/http2"
)

// times are when things have begun that must not take too long. They are zero while that is not so.
type times struct {
	began   time.Time // the connection
	active  time.Time // when the last stream ended, or the connection began
	head    time.Time // a frame or header block whose end has not come
	content time.Time // the content of a request that is waited for
	stalled time.Time // bodies wait for the client to open a window
	unsent  time.Time // output waits for the client to take it
	drained time.Time // the first GOAWAY of a shutdown was sent

	contents int // requests whose content is waited for
	moved    int // bytes of content that were sent since stalled
	drain    drain
}

// drain is how far a shutdown is (RFC 9113 §6.8).
type drain uint8

const (
	drainNot   drain = iota
	drainFirst       // the client was asked to open no more streams, but may still do so
	drainLast        // streams above lastID are ignored
)

// drainPing is the PING whose answer shows that the client has seen the first GOAWAY.
var drainPing = [8]byte{'s', 'h', 'u', 't', 'd', 'o', 'w', 'n'}

// drain takes a shutdown one step on.
func (c *conn) drain() {
	t := &c.times
	switch {
	case t.drain == drainNot:
		t.drain, t.drained = drainFirst, c.now
		c.appendGoAway(1<<31-1, http2.ErrCodeNo)
		c.out = appendFrame(c.out, http2.FramePing, 0, 0, len(drainPing))
		c.out = append(c.out, drainPing[:]...)
	case t.drain == drainFirst && c.now.Sub(t.drained) >= drainTime:
		c.drainLast()
	}
}

func (c *conn) drainLast() {
	c.times.drain = drainLast
	c.appendGoAway(c.lastID, http2.ErrCodeNo)
}

// checkTimes does what is due.
func (c *conn) checkTimes() {
	t, s := &c.times, c.server
	late := func(since time.Time, limit time.Duration) bool {
		return !since.IsZero() && c.now.Sub(since) >= limit
	}
	switch {
	case !c.settled && late(t.began, s.HeaderTimeout), late(t.head, s.HeaderTimeout),
		late(t.content, s.HeaderTimeout):
		c.fail(http2.ErrCodeEnhanceYourCalm)
	case len(c.streams) == 0 && late(t.active, s.IdleTimeout):
		c.fail(http2.ErrCodeNo)
	case late(t.stalled, s.WriteTimeout):
		c.resetStalled()
	}
}

// skip passes over a time in which nothing was read, because the client did not take the output.
func (t *times) skip(d time.Duration) {
	for _, since := range []*time.Time{&t.head, &t.content, &t.stalled} {
		if !since.IsZero() {
			*since = since.Add(d)
		}
	}
}

// stuck reports whether the client has not taken the output in time. Nothing can be sent to it.
func (c *conn) stuck(now time.Time) bool {
	t := c.times.unsent
	return !t.IsZero() && now.Sub(t) >= c.server.WriteTimeout
}

// due returns when turn must be called again even if nothing comes, or the zero Time.
func (c *conn) due() (at time.Time) {
	t, s := &c.times, c.server
	soon := func(since time.Time, limit time.Duration) {
		if since.IsZero() {
			return
		}
		if end := since.Add(limit); at.IsZero() || end.Before(at) {
			at = end
		}
	}
	if !c.settled {
		soon(t.began, s.HeaderTimeout)
	}
	if len(c.streams) == 0 {
		soon(t.active, s.IdleTimeout)
	}
	soon(t.head, s.HeaderTimeout)
	soon(t.content, s.HeaderTimeout)
	soon(t.stalled, s.WriteTimeout)
	soon(t.unsent, s.WriteTimeout)
	if t.drain == drainFirst {
		soon(t.drained, drainTime)
	}
	return at
}

// watchHead notes since when a frame or header block is incomplete. complete means that a frame has
// ended since the last call.
func (c *conn) watchHead(complete bool) {
	t := &c.times
	switch {
	case c.block.open:
		if t.head.IsZero() {
			t.head = c.now
		}
	case len(c.in) == 0 || len(c.out) >= maxOutput:
		t.head = time.Time{}
	case complete || t.head.IsZero():
		t.head = c.now
	}
}

// watchContent notes that n more requests wait for the end of their content.
func (c *conn) watchContent(n int) {
	t := &c.times
	t.contents += n
	switch {
	case t.contents == 0:
		t.content = time.Time{}
	case n < 0 || t.content.IsZero():
		t.content = c.now
	}
}
