package engine

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"strconv"
	"time"

	"github.com/tarpack/tpk/serve/plan"
)

const (
	inlineBody = 64 << 10 // a body up to this size goes out in one write with its head
	headRoom   = 2 << 10  // what a head usually fits in
)

// lane answers requests until there is one that is not for it: then that request's head is in c.handed and the error nil.
func (c *conn) lane() error {
	for {
		done, err := c.wait()
		if !done && err == nil {
			j := jobs.Get().(*job)
			done, err = c.request(j)
			jobs.Put(j)
		}
		if errors.Is(err, errLinger) {
			c.linger()
			return io.EOF
		}
		if done || err != nil {
			return err
		}
	}
}

// request takes one request. done means that it was handed over.
func (c *conn) request(j *job) (done bool, err error) {
	var began time.Time
	for {
		if head := c.head(); head != nil {
			return c.parsed(j, head)
		}
		status, err := c.fill(&began)
		if err != nil {
			return false, err
		}
		if status != 0 {
			j.reset(c)
			return false, c.reject(j, status)
		}
	}
}

// head is the head of a request that was read as a whole, nil if there is none.
func (c *conn) head() []byte {
	if c.w-c.r >= 2 && (*c.buf)[c.r] == '\r' && (*c.buf)[c.r+1] == '\n' {
		c.r += 2 // an empty line before a request is passed over (RFC 9112 §2.2)
	}
	have := (*c.buf)[c.r:c.w]
	if i := bytes.Index(have, endOfHead); i >= 0 {
		return have[:i+len(endOfHead)]
	}
	return nil
}

// reset makes j ready for a request of c.
func (j *job) reset(c *conn) {
	j.Request = plan.Request{}
	c.now = time.Now()
	j.time = c.now
	if c.e.config.Access != nil {
		j.proto, j.remote = "HTTP/1.1", c.RemoteAddr().String()
		j.host, j.referer, j.userAgent = "", "", ""
	}
}

// parsed answers the request of a head, or hands it over.
func (c *conn) parsed(j *job, b []byte) (done bool, err error) {
	j.reset(c)
	h := parseHead(b, j, c.e.config.Access != nil)
	if h.preface && c.e.config.H2C && c.requests == 0 {
		c.tail = &replayed{Conn: c.Conn, before: bytes.Clone((*c.buf)[c.r:c.w])}
		return false, errLeaving
	}
	if h.preface {
		h.status = 505
	}
	if h.codings > 0 && h.status == 0 && badChunk((*c.buf)[c.r+len(b):c.w]) {
		h.status = 400
	}
	if h.status != 0 {
		return false, c.reject(j, h.status)
	}
	c.requests++
	c.r += len(b)
	if h.minor == 0 {
		if h.body {
			return false, c.reject(j, 400)
		}
		c.handOver(&h, b)
		return true, nil
	}
	c.e.prepare(j)
	if !j.fits() {
		j.release()
		c.handOver(&h, b)
		return true, nil
	}
	closing := h.close || h.body || j.plan.Status == 400 || c.e.draining.Load()
	sent, err := c.answer(j, closing)
	c.e.finish(j, sent)
	switch {
	case err != nil:
		return false, err
	case closing:
		return false, errLinger // what follows is the request's content, or requests that come too late: nobody reads it
	}
	return false, nil
}

// handOver leaves a request to fasthttp.
func (c *conn) handOver(h *head, b []byte) {
	c.last = h.close || h.body || c.e.draining.Load()
	c.handed = h.forFast(b, c.last)
}

// fits tells if the lane can send the plan's body: there is none, it is one piece of the archive, or it is small.
func (j *job) fits() bool {
	b := &j.plan.Body
	return !j.plan.Sends() || b.Kind == plan.SpanBody || b.Kind != plan.PartsBody && b.Length <= inlineBody
}

// release lets go of what was planned, without an answer.
func (j *job) release() {
	if j.held {
		j.view.Release()
		j.held = false
	}
}

// answer sends the response.
func (c *conn) answer(j *job, closing bool) (sent int64, err error) {
	j.out = c.e.appendHead(j.out[:0], j, closing)
	if !j.plan.Sends() {
		_, err = c.write(j.out)
		return 0, err
	}
	if j.plan.Body.Kind == plan.SpanBody && j.plan.Body.Length > inlineBody {
		if _, err = c.Write(j.out); err == nil {
			err = j.writeBody(c)
		}
		if err != nil {
			c.e.broke(j, err)
			return 0, err
		}
		return j.plan.Length, nil
	}
	head := len(j.out)
	if b := &j.plan.Body; c.raw != nil && b.Kind == plan.SpanBody && b.Offset == b.Node.Offset && b.Length == b.Node.Length {
		if member := j.view.Member(&b.Node, j.Now); member != nil {
			n, err := c.writeBoth(j.out, member)
			return int64(max(n-head, 0)), err
		}
	}
	if err := j.inline(); err != nil {
		c.e.fail(j, err)
		j.out = c.e.appendHead(j.out[:0], j, closing)
		head = len(j.out)
		j.out = append(j.out, j.plan.Body.Text...)
	}
	n, err := c.write(j.out) // head and body are hardly more than half a chunk
	return int64(max(n-head, 0)), err
}

// inline appends a small body to the head.
func (j *job) inline() error {
	b := &j.plan.Body
	if b.Kind == plan.TextBody {
		j.out = append(j.out, b.Text...)
		return nil
	}
	start, size := len(j.out), int(b.Length)
	if cap(j.out)-start < size {
		j.out = append(make([]byte, 0, start+size), j.out...)
	}
	j.out = j.out[:start+size]
	body := j.out[start:]
	if f := j.view.Export(&b.Node); f != nil {
		_, err := f.ReadAt(body, b.Offset)
		return err
	}
	if b.Kind == plan.SpanBody || b.Node.Coding == plan.Plain {
		if err := readAt(j.view.File(&b.Node), body, b.Offset); err != nil {
			return err
		}
		if b.Node.Coding == plan.Stored && !j.plan.Gzip && b.Length == b.Node.Size && crc32.ChecksumIEEE(body) != b.Node.CRC {
			return errDamaged
		}
		return nil
	}
	r, err := j.view.Content(&b.Node, b.Offset, b.Length)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.ReadFull(r, body)
	if err == nil { // at the end of the range it tells if all that was passed over is right
		if _, err = r.Read(nil); err == io.EOF {
			err = nil
		}
	}
	return err
}

// reject answers what is no request, and ends the connection.
func (c *conn) reject(j *job, status int) error {
	c.e.config.Planner.Reject(&j.plan, status)
	j.out = c.e.appendHead(j.out[:0], j, true)
	j.out = append(j.out, j.plan.Body.Text...)
	_, err := c.Write(j.out)
	c.e.finish(j, j.plan.Length)
	if err == nil {
		err = errLinger
	}
	return err
}

// errLinger ends a connection by linger.
var errLinger = errors.New("the client may still be sending")

// appendHead appends the status line and all header fields.
func (e *Engine) appendHead(dst []byte, j *job, closing bool) []byte {
	if j.plan.Status == 200 {
		dst = append(dst, "HTTP/1.1 200 OK\r\n"...)
	} else {
		dst = append(dst, "HTTP/1.1 "...)
		dst = strconv.AppendInt(dst, int64(j.plan.Status), 10)
		dst = append(dst, ' ')
		dst = append(dst, reason(j.plan.Status)...)
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, e.server...)
	dst = append(dst, "Date: "...)
	dst = plan.AppendTime(dst, j.time.Unix())
	dst = append(dst, "\r\n"...)
	if closing {
		dst = append(dst, "Connection: close\r\n"...)
	}
	dst = j.plan.AppendFields(dst)
	return append(dst, "\r\n"...)
}
