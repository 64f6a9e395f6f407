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

// lane answers requests until the connection ends, is parked, or leaves as HTTP/2. It never returns nil.
func (c *conn) lane() error {
	for {
		err := c.wait()
		if err == nil {
			j := jobs.Get().(*job)
			err = c.request(j)
			jobs.Put(j)
		}
		if errors.Is(err, errLinger) {
			c.linger()
			return io.EOF
		}
		if err != nil {
			return err
		}
	}
}

// wait waits for the first bytes of a request. Where a loop does that it says io.EOF, and the connection is parked.
func (c *conn) wait() error {
	if c.r < c.w {
		return nil
	}
	c.r, c.w = 0, 0
	if c.loop != nil {
		c.dropBuffer()
		c.turn.parked = true
		return io.EOF
	}
	if err := c.idle(); err != nil {
		return err
	}
	if c.buf == nil {
		c.buf = readBuffers.Get().(*[]byte)
	}
	var err error
	if c.w, err = c.Conn.Read(*c.buf); c.w > 0 {
		err = nil // TLS 1.2 tells the end together with the last bytes, and then again
	}
	return err
}

// patience is how long the connection may wait for a request.
func (c *conn) patience() time.Duration {
	if c.requests == 0 {
		return c.e.config.HeaderTimeout
	}
	return c.e.config.IdleTimeout
}

// idle sees to it that the connection does not wait for the next request for ever.
func (c *conn) idle() error {
	limit := c.patience()
	if c.now.Add(limit).After(c.readUntil) {
		// Set a while ahead: so few requests pay for it.
		c.readUntil = c.now.Add(limit + limit/8)
		if err := c.SetReadDeadline(c.readUntil); err != nil {
			return err
		}
	}
	if c.e.draining.Load() { // looked at after the deadline was set: Shutdown sets it to the past after this is true
		return io.EOF
	}
	return nil
}

// request reads one request and answers it.
func (c *conn) request(j *job) (err error) {
	var began time.Time
	for {
		status := 0
		if head := c.head(); len(head) > c.e.config.MaxHeader {
			status = 431
		} else if head != nil {
			return c.parsed(j, head)
		} else if status, err = c.fill(&began); err != nil {
			return err
		}
		if status != 0 {
			j.reset(c, time.Now())
			return c.reject(j, status)
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

// reset makes j ready for a request of c that has come at a time.
func (j *job) reset(c *conn, now time.Time) {
	j.Request = plan.Request{}
	c.now, j.time = now, now
	if c.e.config.Access != nil {
		j.proto, j.remote = "HTTP/1.1", c.RemoteAddr().String()
		j.host, j.referer, j.userAgent = "", "", ""
	}
}

// parsed answers the request of a head.
func (c *conn) parsed(j *job, b []byte) error {
	j.reset(c, time.Now())
	h := parseHead(b, j, c.e.config.Access != nil)
	if h.preface && c.e.config.H2C && c.requests == 0 {
		c.tail = &replayed{Conn: c.Conn, before: bytes.Clone((*c.buf)[c.r:c.w])}
		return errLeaving
	}
	if h.preface {
		h.status = 505
	}
	if h.codings > 0 && h.status == 0 && badChunk((*c.buf)[c.r+len(b):c.w]) {
		h.status = 400
	}
	if h.status != 0 {
		return c.reject(j, h.status)
	}
	c.requests++
	c.r += len(b)
	if h.minor == 0 {
		if c.e.config.Access != nil {
			j.proto = "HTTP/1.0"
		}
		if h.body {
			return c.reject(j, 400)
		}
	}
	c.e.prepare(j)
	closing := h.close || h.body || j.plan.Status == 400 || c.e.draining.Load()
	sent, err := c.answer(j, h.options(closing))
	c.e.finish(j, sent)
	switch {
	case err != nil:
		return err
	case closing:
		return errLinger // what follows is the request's content, or requests that come too late: nobody reads it
	}
	return nil
}

// short reports whether the body goes out in one write with the head. It is read before anything is sent, so that an
// error can still become a 500.
func (j *job) short() bool {
	return j.plan.Body.Kind != plan.PartsBody && j.plan.Length <= inlineBody
}

// wantsMember tells if the body is a gzip member as a whole.
func (j *job) wantsMember() bool {
	b := &j.plan.Body
	return b.Kind == plan.SpanBody && b.Offset == b.Node.Offset && b.Length == b.Node.Length
}

// release lets go of what was planned, without an answer.
func (j *job) release() {
	if j.held {
		j.view.Release()
		j.held = false
	}
}

// answer sends the response.
func (c *conn) answer(j *job, connection string) (sent int64, err error) {
	j.out = c.e.appendHead(j.out[:0], j, connection)
	if !j.plan.Sends() {
		_, err = c.write(j.out)
		return 0, err
	}
	if !j.short() {
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
	if c.raw != nil && j.wantsMember() {
		if member := j.view.Member(&j.plan.Body.Node, j.Now); member != nil {
			n, err := c.writeBoth(j.out, member)
			if err == nil {
				n, err = c.writeRest(j, len(member), n)
			}
			if err != nil {
				c.e.broke(j, err)
			}
			return int64(max(n-head, 0)), err
		}
	}
	if err := j.inline(); err != nil {
		c.e.fail(j, err)
		j.out = c.e.appendHead(j.out[:0], j, connection)
		head = len(j.out)
		j.out = append(j.out, j.plan.Body.Text...)
	}
	n, err := c.write(j.out) // head and body are hardly more than half a chunk
	return int64(max(n-head, 0)), err
}

// writeRest sends what the client did not take at once of j.out and so many bytes of a member behind it: it has n bytes of
// them. It returns how many it has then. The client may let them wait, so what is mapped is read from the file: of a file that
// is cut short meanwhile a mapping shows zeros up to the end of a page.
func (c *conn) writeRest(j *job, member, n int) (int, error) {
	if n < len(j.out) {
		k, err := c.Write(j.out[n:])
		if n += k; err != nil {
			return n, err
		}
	}
	left := int64(len(j.out) + member - n)
	if left == 0 {
		return n, nil
	}
	b := &j.plan.Body
	buf := readBuffers.Get().(*[]byte) // a small one: many clients may be slow
	defer readBuffers.Put(buf)
	k, err := copyBuffer(c, io.NewSectionReader(j.view.File(&b.Node), b.Offset+b.Length-left, left), *buf)
	if err == nil && k != left {
		err = errShort
	}
	return n + int(k), err
}

// room makes room for n bytes behind the head.
func (j *job) room(n int64) []byte {
	start, size := len(j.out), int(n)
	if cap(j.out)-start < size {
		j.out = append(make([]byte, 0, start+size), j.out...)
	}
	j.out = j.out[:start+size]
	return j.out[start:]
}

// damaged tells if a stored file's content, as a whole, is not what the index says.
func (j *job) damaged(body []byte) bool {
	b := &j.plan.Body
	return b.Node.Coding == plan.Stored && !j.plan.Gzip && b.Length == b.Node.Size && crc32.ChecksumIEEE(body) != b.Node.CRC
}

// inline appends a small body to the head.
func (j *job) inline() error {
	b := &j.plan.Body
	if b.Kind == plan.TextBody {
		j.out = append(j.out, b.Text...)
		return nil
	}
	body := j.room(b.Length)
	if f := j.view.Export(&b.Node); f != nil {
		_, err := f.ReadAt(body, b.Offset)
		return err
	}
	if b.Kind == plan.SpanBody || b.Node.Coding == plan.Plain {
		if err := readAt(j.view.File(&b.Node), body, b.Offset); err != nil {
			return err
		}
		if j.wantsMember() {
			j.view.Note(&b.Node)
		}
		if j.damaged(body) {
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
	j.out = c.e.appendHead(j.out[:0], j, connectionClose)
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

// Connection fields of an answer. HTTP/1.1 connections persist without one (RFC 9112 §9.3).
const (
	connectionClose     = "Connection: close\r\n"
	connectionKeepAlive = "Connection: keep-alive\r\n"
)

// options returns the Connection field of the answer to the request.
func (h *head) options(closing bool) string {
	switch {
	case closing:
		return connectionClose
	case h.minor == 0:
		return connectionKeepAlive
	}
	return ""
}

// appendHead appends the status line and all header fields.
func (e *Engine) appendHead(dst []byte, j *job, connection string) []byte {
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
	dst = append(dst, connection...)
	dst = j.plan.AppendFields(dst)
	return append(dst, "\r\n"...)
}
