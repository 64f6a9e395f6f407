package http2

import (
	"math"
	"slices"
	"time"

	"golang.org/x/net/http2"

	"github.com/tarpack/tpk/serve/internal/transfer"
)

// widen handles a WINDOW_UPDATE frame (RFC 9113 §6.9).
func (c *conn) widen(id uint32, n int64) {
	c.charge(frameCost)
	if id == 0 {
		if c.sendWindow += n; c.sendWindow > math.MaxInt32 {
			c.fail(http2.ErrCodeFlowControl)
		}
		return
	}
	if c.idle(id) {
		c.fail(http2.ErrCodeProtocol)
		return
	}
	if s := c.stream(id); s != nil {
		if s.window += n; s.window > math.MaxInt32 {
			c.reset(id, http2.ErrCodeFlowControl)
		}
	}
}

// setInitialWindow handles SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 §6.9.2).
func (c *conn) setInitialWindow(n int64) {
	change := n - c.initialWindow
	c.initialWindow = n
	for _, s := range c.streams {
		if s.window += change; s.window > math.MaxInt32 {
			c.fail(http2.ErrCodeFlowControl)
			return
		}
	}
}

// send sends the body of a stream, or queues what the client does not take now. While others are in
// the queue, nothing goes ahead of them.
func (c *conn) send(s *stream) {
	if len(c.sending) == 0 {
		for len(c.out) < maxOutput && c.appendData(s) {
		}
	}
	if len(s.body) > 0 && !s.closed {
		c.streams[s.id] = s
		c.sending = append(c.sending, s)
	}
}

// pump sends bodies in the queue, a frame of each stream in turn.
func (c *conn) pump() {
	waiting := 0 // how many streams one after the other have no window
	for waiting < len(c.sending) && len(c.out) < maxOutput && c.sendWindow > 0 && !c.ending {
		if c.turns >= len(c.sending) {
			c.turns = 0
		}
		s := c.sending[c.turns]
		if s.window <= 0 {
			waiting++
			c.turns++
			continue
		}
		waiting = 0
		c.turns++
		if c.appendData(s); len(s.body) == 0 {
			c.unqueue(s)
		}
	}
	c.watchWindows(waiting > 0 || len(c.sending) > 0 && c.sendWindow <= 0)
}

// unqueue takes a stream out of the queue, if it is there.
func (c *conn) unqueue(s *stream) {
	i := slices.Index(c.sending, s)
	if i < 0 {
		return
	}
	c.sending = slices.Delete(c.sending, i, i+1)
	if i < c.turns {
		c.turns--
	}
}

// appendData appends a DATA frame of a stream's body. It returns false if there can't be a further
// one now. It finishes the stream after the last one.
func (c *conn) appendData(s *stream) bool {
	n := int(min(int64(len(s.body)), maxFrame, s.window, c.sendWindow))
	if n <= 0 {
		return false
	}
	last := s.last && n == len(s.body)
	var flags http2.Flags
	if last {
		flags = http2.FlagDataEndStream
	}
	c.out = appendFrame(c.out, http2.FrameData, flags, s.id, n)
	c.out = append(c.out, s.body[:n]...)
	s.body = s.body[n:]
	s.window -= int64(n)
	c.sendWindow -= int64(n)
	s.sent += int64(n)
	c.allowance.sent(n)
	c.times.moved += n
	if last {
		c.finish(s)
	} else if len(s.body) == 0 && s.slow != nil {
		s.slow.answer(nil)
	}
	return len(s.body) > 0
}

// watchWindows notes since when bodies wait for the client to open a window.
func (c *conn) watchWindows(wait bool) {
	t := &c.times
	switch {
	case !wait:
		t.stalled = time.Time{}
	case t.stalled.IsZero(), t.moved >= transfer.Chunk:
		t.stalled, t.moved = c.now, 0
	}
}

// resetStalled resets the streams whose bodies wait for the client to open a window.
func (c *conn) resetStalled() {
	for _, s := range slices.Clone(c.sending) {
		if s.window <= 0 || c.sendWindow <= 0 {
			c.reset(s.id, http2.ErrCodeCancel)
		}
	}
}
