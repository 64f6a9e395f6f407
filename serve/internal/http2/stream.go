package http2

import (
	"slices"
	"sync"
	"time"

	"golang.org/x/net/http2"

	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/respond"
)

// stream is a request and its answer (RFC 9113 §5.1).
type stream struct {
	id      uint32
	request plan.Request
	logged  respond.Logged
	began   time.Time // when its head was complete
	status  int       // 0, or the error status to answer with

	open     bool  // the client has not ended it yet
	awaits   bool  // the answer waits for the end of the content
	expects  bool  // the client may wait for the answer before it sends the content
	declared int64 // Content-Length; -1: none
	received int64 // bytes of content

	x      *respond.Exchange // while it is answered in the connection's goroutine
	slow   *slow             // while it is answered in a goroutine of its own
	closed bool              // neither side sends any more; the goroutine goes on

	window int64  // for what the server sends; negative after some changes of settings
	body   []byte // what is to be sent and was not yet
	last   bool   // the answer ends with body
	sent   int64  // bytes of the body
}

// streams has memory for streams.
var streams = sync.Pool{New: func() any { return &stream{} }}

// newStream returns a stream that is not in the table.
func (c *conn) newStream(id uint32) *stream {
	var s *stream
	if n := len(c.spare); n > 0 {
		s, c.spare = c.spare[n-1], c.spare[:n-1]
	} else {
		s = streams.Get().(*stream)
	}
	*s = stream{id: id, declared: -1, window: c.initialWindow}
	return s
}

// stream returns the stream id, or nil if there is none, or none any more.
func (c *conn) stream(id uint32) *stream {
	if s := c.streams[id]; s != nil && !s.closed {
		return s
	}
	return nil
}

// idle reports whether a stream was never opened. After the last GOAWAY those that the client opens
// are not noted.
func (c *conn) idle(id uint32) bool {
	return id%2 == 0 || id > c.lastID && c.times.drain != drainLast
}

// requested handles a request whose head is complete.
func (c *conn) requested(s *stream) {
	switch {
	case !s.open && s.declared > 0:
		c.reuse(s)
		c.reset(s.id, http2.ErrCodeProtocol) // RFC 9113 §8.1.1
		return
	case s.open && !s.expects && s.status == 0 && s.declared <= contentLimit:
		s.awaits = true
		c.streams[s.id] = s
		c.watchContent(1)
		return
	case s.open:
		c.streams[s.id] = s
	}
	c.ask(s)
}

// content handles a DATA frame. Content is thrown away.
func (c *conn) content(f *http2.DataFrame) {
	c.charge(frameCost)
	if c.idle(f.StreamID) {
		c.fail(http2.ErrCodeProtocol) // RFC 9113 §5.1
	}
	if c.ending || !c.takeContent(int64(f.Length)) {
		return
	}
	s := c.stream(f.StreamID)
	if s == nil || !s.open {
		if s != nil || !c.wasReset(f.StreamID) && f.StreamID <= c.lastID {
			c.reset(f.StreamID, http2.ErrCodeStreamClosed)
		}
		return
	}
	s.received += int64(len(f.Data()))
	switch {
	case s.declared >= 0 && s.received > s.declared:
		c.reset(s.id, http2.ErrCodeProtocol)
	case s.received > defaultWindow:
		c.reset(s.id, http2.ErrCodeFlowControl)
	case f.StreamEnded():
		c.endContent(s)
	case s.awaits && s.received > contentLimit:
		c.stopAwaiting(s)
		c.ask(s)
	}
}

// takeContent counts n bytes of DATA frames, and gives them back to the client's window (RFC 9113
// §6.9). A stream's window is never renewed: it is reset before it is used up.
func (c *conn) takeContent(n int64) bool {
	c.unacked += n
	if c.unacked > defaultWindow {
		c.fail(http2.ErrCodeFlowControl)
		return false
	}
	if c.unacked >= defaultWindow/2 {
		c.appendWindowUpdate(0, uint32(c.unacked))
		c.unacked = 0
	}
	return true
}

// endContent handles the end of a request.
func (c *conn) endContent(s *stream) {
	s.open = false
	switch {
	case s.declared >= 0 && s.received != s.declared:
		c.reset(s.id, http2.ErrCodeProtocol) // RFC 9113 §8.1.1
	case s.awaits:
		c.stopAwaiting(s)
		c.ask(s)
	}
}

func (c *conn) stopAwaiting(s *stream) {
	s.awaits = false
	c.watchContent(-1)
}

// resetByClient handles a RST_STREAM frame (RFC 9113 §6.4).
func (c *conn) resetByClient(id uint32) {
	if c.idle(id) {
		c.fail(http2.ErrCodeProtocol)
		return
	}
	if s := c.stream(id); s != nil {
		c.charge(resetCost)
		c.drop(s)
		return
	}
	c.charge(frameCost)
}

// reset ends a stream because of an error (RFC 9113 §5.4.2).
func (c *conn) reset(id uint32, code http2.ErrCode) {
	if c.idle(id) {
		// A PRIORITY frame may name any stream, but only one that was opened can be reset.
		c.fail(code)
		return
	}
	c.charge(resetCost)
	if c.ending {
		return
	}
	if s := c.stream(id); s != nil {
		c.drop(s)
	}
	c.appendReset(id, code)
	c.remember(id)
}

// remember notes that the server has reset a stream.
func (c *conn) remember(id uint32) {
	c.resets[c.nextReset] = id
	c.nextReset = (c.nextReset + 1) % len(c.resets)
}

func (c *conn) wasReset(id uint32) bool { return slices.Contains(c.resets[:], id) }

// drop ends a stream before its answer has ended.
func (c *conn) drop(s *stream) {
	if s.awaits {
		c.stopAwaiting(s)
	}
	if i := slices.Index(c.asked, s); i >= 0 {
		c.asked = slices.Delete(c.asked, i, i+1)
	}
	c.unqueue(s)
	switch {
	case s.slow != nil:
		s.slow.drop()
	case s.x != nil:
		c.release(s)
	}
	c.forget(s)
}

// finish ends a stream after its answer.
func (c *conn) finish(s *stream) {
	c.allowance.add(answerPays)
	switch {
	case s.slow != nil:
		s.slow.answer(nil)
	case s.x != nil:
		c.release(s)
	}
	if s.open && !c.ending {
		// Nothing wants the rest of the content (RFC 9113 §8.1).
		c.appendReset(s.id, http2.ErrCodeNo)
		c.remember(s.id)
	}
	c.forget(s)
	if s.slow == nil {
		c.reuse(s)
	}
}

// reuse keeps a stream that has ended and is not in the table. Its caller may still look at it.
func (c *conn) reuse(s *stream) { c.spare = append(c.spare, s) }

// freeStreams gives back the streams that have ended. Nothing may refer to them.
func (c *conn) freeStreams() {
	for _, s := range c.spare {
		*s = stream{}
		streams.Put(s)
	}
	clear(c.spare)
	if c.spare = c.spare[:0]; cap(c.spare) > maxPrepared {
		c.spare = nil
	}
}

// release counts and logs the answer of a stream, and keeps its Exchange for the next one.
func (c *conn) release(s *stream) {
	c.server.Responder.Finish(s.x, s.sent)
	c.freeExchange()
	c.x, s.x = s.x, nil
	c.answering--
}

// freeExchange gives back the Exchange that is kept.
func (c *conn) freeExchange() {
	if c.x != nil {
		c.x.Free()
		c.x = nil
	}
}

// forget takes a stream out of the table, unless its goroutine goes on.
func (c *conn) forget(s *stream) {
	c.times.active = c.now
	s.closed, s.body = true, nil
	if s.slow == nil {
		delete(c.streams, s.id)
	}
}
