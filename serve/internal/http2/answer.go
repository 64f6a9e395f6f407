package http2

import (
	"github.com/tarpack/tpk/serve/internal/respond"
)

// ask answers a request, or lets it wait for others.
func (c *conn) ask(s *stream) {
	if c.answering >= maxAnswering {
		c.sendPrepared()
	}
	if len(c.asked) > 0 || c.answering >= maxAnswering {
		c.streams[s.id] = s
		c.asked = append(c.asked, s)
		return
	}
	c.answer(s)
}

// startAsked answers requests that have waited.
func (c *conn) startAsked() {
	for len(c.asked) > 0 && c.answering < maxAnswering && len(c.out) < maxOutput && !c.ending {
		s := c.asked[0]
		c.asked = c.asked[1:]
		c.answer(s)
	}
	if len(c.asked) == 0 {
		c.asked = nil
	}
}

// answer prepares the answer to a request at once if that needs nothing but memory, and else in a
// goroutine.
func (c *conn) answer(s *stream) {
	x := c.x
	if c.x = nil; x == nil {
		x = respond.NewExchange()
	}
	s.x = x
	c.answering++
	x.Begin(s.began)
	x.Request, x.Logged = s.request, s.logged
	c.server.Responder.Meet(x, c.peer)
	c.server.Responder.Admit(x)
	if !c.prepareAtOnce(s) {
		x.Release()
		c.answerLater(s)
		return
	}
	c.prepared = append(c.prepared, s)
	c.preparedSize += len(x.Out) + usualHead
	if len(c.prepared) == maxPrepared || len(c.out)+c.preparedSize >= maxOutput {
		c.sendPrepared()
	}
}

// answerLater answers a request in a goroutine.
func (c *conn) answerLater(s *stream) {
	x := s.x
	s.x = nil
	c.streams[s.id] = s
	c.answerInGoroutine(s, x)
}

// sendPrepared sends the answers that were prepared at once, after it has checked that all of them
// are of the archive's current generation. It must be called before anything else happens to their
// streams, which may not be in the table.
func (c *conn) sendPrepared() {
	if len(c.prepared) == 0 {
		return
	}
	streams := c.prepared
	c.prepared, c.preparedSize = nil, 0
	var checks respond.Checks
	for _, s := range streams {
		x := s.x
		switch {
		case s.status == 0 && !x.Unchanged(&checks):
			x.Release()
			c.answerLater(s)
			continue
		case !sends(s, x):
			c.appendHead(s, x)
			c.finish(s)
			continue
		}
		c.appendHead(s, x)
		s.body, s.last = x.Out, true
		c.send(s)
	}
	clear(streams)
	c.prepared = streams[:0]
}

// prepareAtOnce prepares the answer and its body, or returns false if it has to be waited for.
func (c *conn) prepareAtOnce(s *stream) bool {
	x, r := s.x, c.server.Responder
	x.Out = x.Out[:0]
	if s.status != 0 {
		r.Planner.Reject(&x.Plan, s.status)
		x.Out = append(x.Out, x.Plan.Body.Text...)
		return true
	}
	return !r.Library.Nested() && r.PrepareAtOnce(x) && x.BodyUnchecked()
}

// sends reports whether the answer of a stream has content. An error that is not planned has some
// even if the method is HEAD.
func sends(s *stream, x *respond.Exchange) bool {
	return x.Plan.Sends() && s.request.Method != "HEAD"
}

// logs reports whether there is an access log.
func (c *conn) logs() bool { return c.server.Responder.Access != nil }
