package http2

import (
	"github.com/tarpack/tpk/serve/internal/respond"
)

// ask answers a request, or lets it wait for others.
func (c *conn) ask(s *stream) {
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

// answer answers a request at once if that needs nothing but memory, and else in a goroutine.
func (c *conn) answer(s *stream) {
	x := c.x
	if c.x = nil; x == nil {
		x = respond.NewExchange()
	}
	s.x = x
	c.answering++
	x.Begin(s.began)
	x.Request, x.Logged = s.request, s.logged
	if !c.answerAtOnce(s) {
		s.x = nil
		c.streams[s.id] = s
		c.answerInGoroutine(s, x)
		return
	}
	c.appendHead(s, x)
	if !sends(s, x) {
		c.finish(s)
		return
	}
	s.body, s.last = x.Out, true
	c.send(s)
}

// answerAtOnce prepares the answer and its body, or returns false if it has to be waited for.
func (c *conn) answerAtOnce(s *stream) bool {
	x, r := s.x, c.server.Responder
	x.Out = x.Out[:0]
	if s.status != 0 {
		r.Planner.Reject(&x.Plan, s.status)
		x.Out = append(x.Out, x.Plan.Body.Text...)
		return true
	}
	if r.Library.Nested() || !r.PrepareAtOnce(x) || !x.BodyAtOnce() {
		x.Release()
		return false
	}
	return true
}

// sends reports whether the answer of a stream has content. An error that is not planned has some
// even if the method is HEAD.
func sends(s *stream, x *respond.Exchange) bool {
	return x.Plan.Sends() && s.request.Method != "HEAD"
}

// logs reports whether there is an access log.
func (c *conn) logs() bool { return c.server.Responder.Access != nil }
