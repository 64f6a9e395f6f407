package engine

import (
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/tarpack/tpk/serve/plan"
)

// Handler answers requests of net/http: HTTP/2, and programs that mount an archive in a server of their own.
func (e *Engine) Handler() http.Handler { return http.HandlerFunc(e.serveHTTP) }

func (e *Engine) serveHTTP(w http.ResponseWriter, r *http.Request) {
	j := jobs.Get().(*job)
	defer jobs.Put(j)
	j.fromHTTP(r)
	e.prepare(j)
	sent := int64(0)
	defer func() { e.finish(j, sent) }()

	sends := j.plan.Sends()
	ready := sends && j.short()
	if ready {
		j.out = j.out[:0]
		if err := j.inline(); err != nil {
			e.fail(j, err)
			j.out = append(j.out[:0], j.plan.Body.Text...)
		}
	}
	header := w.Header()
	headerLines(j.plan.AppendFields([]byte(e.server)), header.Add)
	if header["Content-Type"] == nil {
		header["Content-Type"] = nil // or else net/http looks for one
	}
	w.WriteHeader(j.plan.Status)
	switch {
	case !sends:
	case ready:
		n, _ := w.Write(j.out)
		sent = int64(n)
	default:
		s := &httpSink{ResponseWriter: w, control: http.NewResponseController(w), timeout: e.config.WriteTimeout}
		if err := j.writeBody(s); err != nil {
			if r.Context().Err() == nil && s.err == nil {
				e.broke(j, err)
			}
			panic(http.ErrAbortHandler) // the client must see that the response is not whole
		}
		sent = j.plan.Length
	}
}

func (j *job) fromHTTP(r *http.Request) {
	get := func(name string) string {
		if v := r.Header[name]; len(v) == 1 {
			return v[0]
		} else {
			return strings.Join(v, ", ")
		}
	}
	j.time = time.Now()
	target := r.RequestURI
	if path, _, _ := strings.Cut(target, "?"); path != r.URL.EscapedPath() {
		// It came in absolute-form, or a handler before this one has changed it, http.StripPrefix for one.
		target = "/" + strings.TrimPrefix(r.URL.EscapedPath(), "/")
		if r.URL.RawQuery != "" {
			target += "?" + r.URL.RawQuery
		}
	}
	j.Request = plan.Request{
		Method: r.Method, Target: target,
		Accept: get("Accept"), AcceptEncoding: get("Accept-Encoding"), HasAcceptEncoding: r.Header["Accept-Encoding"] != nil,
		Range: get("Range"), IfRange: get("If-Range"), IfMatch: get("If-Match"), IfNoneMatch: get("If-None-Match"),
		IfModifiedSince: get("If-Modified-Since"), IfUnmodifiedSince: get("If-Unmodified-Since"),
		Origin: get("Origin"), RequestMethod: get("Access-Control-Request-Method"),
	}
	j.proto, j.remote, j.host, j.referer, j.userAgent = r.Proto, r.RemoteAddr, r.Host, r.Referer(), r.UserAgent()
}

// httpSink is a response of net/http as a sink. Each write has its own time.
type httpSink struct {
	http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	err     error // of the connection
}

func (s *httpSink) Write(p []byte) (int, error) {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.timeout)) // not every ResponseWriter can
	n, err := s.ResponseWriter.Write(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

func (s *httpSink) sendFile(f *os.File, off, n int64) error { return copyFile(s, f, off, n) }

// handoff is a listener whose connections were accepted by somebody else.
type handoff struct {
	conns chan net.Conn
	done  chan struct{}
}

func newHandoff() *handoff { return &handoff{conns: make(chan net.Conn), done: make(chan struct{})} }

// give hands a connection over, unless nobody takes it any more.
func (h *handoff) give(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.done:
		return false
	}
}

func (h *handoff) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

func (h *handoff) Close() error {
	select {
	case <-h.done:
	default:
		close(h.done)
	}
	return nil
}

func (h *handoff) Addr() net.Addr { return &net.UnixAddr{Name: "handoff", Net: "unix"} }

// replayed is a connection of which the beginning was read already.
type replayed struct {
	net.Conn
	before []byte
}

func (r *replayed) Read(p []byte) (int, error) {
	if len(r.before) > 0 {
		n := copy(p, r.before)
		r.before = r.before[n:]
		return n, nil
	}
	return r.Conn.Read(p)
}

// headerLines is header fields in lines, for net/http.
func headerLines(b []byte, f func(name, value string)) {
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\r\n"), ": "); ok {
			f(name, value)
		}
	}
}
