package http1

import (
	"bytes"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/serve/internal/head"
	"github.com/tarpack/tpk/serve/internal/respond"
	"github.com/tarpack/tpk/tarpack/source"
)

// request reads one request and answers it.
func (c *Conn) request() error {
	b, status, err := c.readHead()
	if err != nil {
		return err
	}
	x := respond.NewExchange()
	defer x.Free()
	c.begin(x, time.Now())
	if status != 0 {
		return c.reject(x, status)
	}
	h := c.parse(x, b)
	if h.Preface && c.server.H2C && c.requests == 0 {
		c.first = bytes.Clone(c.in.Unused())
		return errUpgrade
	}
	if h.Preface {
		h.Status = 505
	}
	if h.Chunked && h.Status == 0 && head.BadChunk(c.in.Unused()[len(b):]) {
		h.Status = 400
	}
	if h.Status != 0 {
		return c.reject(x, h.Status)
	}
	c.requests++
	c.admitted = false
	c.in.Use(len(b))
	if h.Minor == 0 && h.Content {
		return c.reject(x, 400)
	}
	x.Client = c
	c.server.Responder.Prepare(x)
	connection := persistence(&h)
	if h.Close || h.Content || x.Plan.Status == 400 || c.server.last.Load() {
		connection = respond.Close
	}
	sent, err := c.send(x, connection)
	c.server.Responder.Finish(x, sent)
	if err == nil && connection == respond.Close {
		// What follows is the request's content, or requests that come too late. Nothing reads it.
		err = errLinger
	}
	return err
}

// readHead reads until a head is complete. If that fails because of the client, status is the
// answer.
func (c *Conn) readHead() (b []byte, status int, err error) {
	limit := c.server.MaxHeader
	for begun := false; ; {
		if b := c.in.Next(); len(b) > limit {
			return nil, c.tooLong(), nil
		} else if b != nil {
			return b, 0, nil
		}
		if !begun {
			begun, c.readDeadline = true, time.Time{}
			if err := c.setReadDeadline(time.Now().Add(c.server.HeaderTimeout)); err != nil {
				return nil, 0, err
			}
		}
		if len(c.in.Unused()) >= limit {
			return nil, c.tooLong(), nil
		}
		if c.in.Bad() {
			return nil, 400, nil
		}
		err := c.in.More(c.wire.Conn, limit)
		if errors.Is(err, os.ErrDeadlineExceeded) && !c.server.draining.Load() {
			return nil, 408, nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

// tooLong returns the answer to a head over the limit: 414 if the request line alone is longer (RFC
// 9112 §3), and else 431 (RFC 6585 §5).
func (c *Conn) tooLong() int {
	if c.in.InLine(c.server.MaxHeader) {
		return 414
	}
	return 431
}

// begin makes x ready for a request that has come at the time now.
func (c *Conn) begin(x *respond.Exchange, now time.Time) {
	x.Begin(now)
	c.wire.Now = now
	if c.logs() {
		x.Logged = respond.Logged{Proto: "HTTP/1.1", Remote: c.known().Remote}
	}
}

// logs reports whether there is an access log.
func (c *Conn) logs() bool { return c.server.Responder.Access != nil }

// parse reads the head b into x.
func (c *Conn) parse(x *respond.Exchange, b []byte) head.Head {
	h := head.Parse(b, &x.Request, c.logs())
	c.server.Responder.Meet(x, &c.peer)
	if !c.admitted { // a request that needs a goroutine is parsed twice
		c.server.Responder.Admit(x)
		c.admitted, c.mustWait = true, x.Wait
	}
	x.Wait = c.mustWait
	if c.logs() {
		x.Host, x.Referer, x.UserAgent = h.Host, h.Referer, h.UserAgent
		if h.Status == 0 && h.Minor == 0 && !h.Preface {
			x.Proto = "HTTP/1.0"
		}
	}
	return h
}

// persistence returns the Connection field of an answer after which the connection persists.
func persistence(h *head.Head) string {
	if h.Minor == 0 {
		return respond.KeepAlive
	}
	return respond.Persist
}

// send sends the answer, and returns how many bytes of its body the client's system has got.
func (c *Conn) send(x *respond.Exchange, connection string) (sent int64, err error) {
	r := c.server.Responder
	r.AppendHead(x, connection)
	if !x.Plan.Sends() {
		_, err = c.wire.WriteChunk(x.Out)
		return 0, err
	}
	if !x.Short() {
		if _, err = c.wire.Write(x.Out); err == nil {
			err = x.WriteBody(&c.wire)
		}
		if err != nil {
			c.aborted(x, err)
			return 0, err
		}
		return x.Plan.Length, nil
	}
	start := len(x.Out)
	if !r.AppendBody(x) {
		return c.send(x, connection)
	}
	n, err := c.wire.WriteChunk(x.Out)
	return int64(max(n-start, 0)), err
}

// reject answers what is not a request, and ends the connection.
func (c *Conn) reject(x *respond.Exchange, status int) error {
	c.server.Responder.Reject(x, status, respond.Close)
	_, err := c.wire.Write(x.Out)
	c.server.Responder.Finish(x, x.Plan.Length)
	if err == nil {
		err = errLinger
	}
	return err
}

// aborted reports an answer that could not be finished, unless the client is the reason.
func (c *Conn) aborted(x *respond.Exchange, err error) {
	if !fromPeer(err) {
		c.server.Responder.Aborted(x, err)
	}
}

// fromPeer reports whether an error is one of the connection: the client went away, or took nothing
// for too long. The connection to the server of an archive can have the same errors.
func fromPeer(err error) bool {
	if errors.Is(err, source.ErrUnavailable) {
		return false
	}
	var op *net.OpError
	if errors.As(err, &op) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
		return true
	}
	for _, gone := range []syscall.Errno{
		syscall.EPIPE, syscall.ECONNRESET, syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	} {
		if osfile.Is(err, gone) {
			return true
		}
	}
	return false
}
