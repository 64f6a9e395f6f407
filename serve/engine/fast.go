package engine

import (
	"bufio"
	"bytes"
	"io"
	"math"
	"strings"
	"time"

	"github.com/tarpack/tpk/serve/plan"
	"github.com/valyala/fasthttp"
)

// newFast makes the fasthttp server. It only ever sees requests that the lane has read and found right, without
// content, and connections whose deadlines the lane sets.
func (e *Engine) newFast() *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                       e.serveFast,
		Concurrency:                   math.MaxInt32, // connections are counted where they are accepted
		ReadBufferSize:                e.config.MaxHeader + 1<<10,
		NoDefaultServerHeader:         true,
		NoDefaultContentType:          true,
		DisableHeaderNamesNormalizing: true,
		DisablePreParseMultipartForm:  true,
		Logger:                        silent{},
		ErrorHandler: func(ctx *fasthttp.RequestCtx, _ error) {
			var p plan.Plan
			e.config.Planner.Reject(&p, fasthttp.StatusBadRequest)
			e.headFast(ctx, &p, nil)
			ctx.SetBodyString(p.Body.Text)
			ctx.SetConnectionClose()
		},
	}
}

type silent struct{}

func (silent) Printf(string, ...any) {}

// serveFast carries a plan out by fasthttp.
func (e *Engine) serveFast(ctx *fasthttp.RequestCtx) {
	j := jobs.Get().(*job)
	j.fromFast(ctx, e.config.Access != nil)
	e.prepare(j)
	s := &stream{e: e, j: j, conn: ctx.Conn().(*conn)}
	if j.plan.Sends() && j.small() {
		j.out = j.out[:0]
		if err := j.inline(); err != nil {
			e.fail(j, err)
			j.out = append(j.out[:0], j.plan.Body.Text...)
		}
		s.ready = j.out
	}
	j.out = e.headFast(ctx, &j.plan, j.out)
	if e.draining.Load() {
		ctx.SetConnectionClose()
		s.conn.last = true
	}
	switch {
	case !j.plan.Sends():
		ctx.Response.SkipBody = ctx.IsHead()
		_ = s.Close()
	default:
		ctx.Response.SetBodyStream(s, int(j.plan.Length))
	}
}

// small tells if the body is read before anything is sent, so that an error can still become a 500.
func (j *job) small() bool {
	return j.plan.Body.Kind != plan.PartsBody && j.plan.Body.Length <= inlineBody
}

// headFast sets status and header fields. They are rendered behind what out holds, which it returns.
func (e *Engine) headFast(ctx *fasthttp.RequestCtx, p *plan.Plan, out []byte) []byte {
	h := &ctx.Response.Header
	h.SetStatusCode(p.Status)
	start := len(out)
	out = append(p.AppendFields(out), e.server...)
	for rest := out[start:]; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, crlf)
		name, value, _ := bytes.Cut(line, colonSpace)
		h.AddBytesKV(name, value)
		rest = after
	}
	return out
}

var crlf, colonSpace = []byte("\r\n"), []byte(": ")

// fromFast takes the request over. Its strings are views of fasthttp's buffers.
func (j *job) fromFast(ctx *fasthttp.RequestCtx, log bool) {
	h := &ctx.Request.Header
	j.time = time.Now()
	j.Request = plan.Request{
		Method: view(h.Method()), Target: view(h.RequestURI()),
		HasAcceptEncoding: h.Peek("Accept-Encoding") != nil || len(h.PeekAll("Accept-Encoding")) > 0,
	}
	for key, value := range h.All() {
		j.setField(key, value)
	}
	if log {
		j.proto, j.remote = view(h.Protocol()), ctx.Conn().RemoteAddr().String()
		j.host, j.referer, j.userAgent = view(h.Host()), view(h.Referer()), view(h.UserAgent())
	}
}

// setField sets the field of the request that key names, if it is one that decides anything.
func (j *job) setField(key, value []byte) {
	r := &j.Request
	fields := [...]*string{
		&r.Accept, &r.AcceptEncoding, &r.Range, &r.IfRange, &r.IfMatch, &r.IfNoneMatch, &r.IfModifiedSince, &r.IfUnmodifiedSince,
		&r.Origin, &r.RequestMethod,
	}
	if i := decisive(key); i >= 0 {
		join(fields[i], value)
	}
}

// decisive tells which of the fields that decide anything key names, -1 for none, in the order of setField.
func decisive(key []byte) int {
	for i, name := range [...]string{
		"accept", "accept-encoding", "range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
		"origin", "access-control-request-method",
	} {
		if is(key, name) {
			return i
		}
	}
	return -1
}

// stream is a plan's body as fasthttp wants it. fasthttp closes it when the response is over, sent or not.
type stream struct {
	e     *Engine
	j     *job
	conn  *conn
	ready []byte // the body, if it is small
	sent  int64
}

// WriteTo sends the body past fasthttp's buffer, which is flushed first.
func (s *stream) WriteTo(w io.Writer) (int64, error) {
	if s.ready != nil {
		n, err := w.Write(s.ready)
		s.sent = int64(n)
		return s.sent, err
	}
	if b, ok := w.(*bufio.Writer); ok {
		if err := b.Flush(); err != nil {
			return 0, err
		}
	}
	if err := s.j.writeBody(s.conn); err != nil {
		s.e.broke(s.j, err)
		return 0, err
	}
	s.sent = s.j.plan.Length
	return s.sent, nil
}

// Read is there because fasthttp asks for an io.Reader; it uses WriteTo.
func (s *stream) Read([]byte) (int, error) { return 0, errNoContent }

// Close ends the request.
func (s *stream) Close() error {
	if s.j != nil {
		s.e.finish(s.j, s.sent)
		jobs.Put(s.j)
		s.j = nil
	}
	return nil
}

// headerLines is header fields in lines, for net/http.
func headerLines(b []byte, f func(name, value string)) {
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\r\n"), ": "); ok {
			f(name, value)
		}
	}
}
