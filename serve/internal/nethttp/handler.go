package nethttp

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/tarpack/tpk/serve/internal/ascii"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/respond"
)

// Handler answers the requests of a net/http server.
type Handler struct {
	Responder *respond.Responder
	// WriteTimeout is how long the client may take for each transfer.Chunk of a long body.
	WriteTimeout time.Duration
}

// ServeHTTP implements http.Handler. It panics with http.ErrAbortHandler if the body can't be sent
// to its end.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := respond.NewExchange()
	defer x.Free()
	read(x, r)
	peer := h.Responder.NewPeer(remote(r), r.TLS != nil, 0)
	h.Responder.Meet(x, &peer)
	h.Responder.Admit(x)
	h.Responder.Prepare(x)
	sent := int64(0)
	defer func() { h.Responder.Finish(x, sent) }()

	sends, short := x.Plan.Sends(), x.Short()
	x.Out = x.Out[:0]
	for sends && short && !h.Responder.AppendBody(x) {
		sends, short = x.Plan.Sends(), x.Short()
		x.Out = x.Out[:0]
	}
	header := w.Header()
	addFields(header, h.Responder.AppendFields(nil, x))
	if header["Content-Type"] == nil {
		header["Content-Type"] = nil // or else net/http guesses one
	}
	w.WriteHeader(x.Plan.Status)
	switch {
	case !sends:
	case short:
		n, _ := w.Write(x.Out)
		sent = int64(n)
	default:
		s := &sink{ResponseWriter: w, control: http.NewResponseController(w), timeout: h.WriteTimeout}
		if err := x.WriteBody(s); err != nil {
			if r.Context().Err() == nil && s.err == nil {
				h.Responder.Aborted(x, err)
			}
			panic(http.ErrAbortHandler) // the client must see that the response is incomplete
		}
		sent = x.Plan.Length
	}
}

// client is an archives.Client.
type client http.Request

// Watch implements archives.Client.
func (c *client) Watch(gone func()) (stop func()) {
	forget := context.AfterFunc((*http.Request)(c).Context(), gone)
	return func() { forget() }
}

// read makes r the request of x.
func read(x *respond.Exchange, r *http.Request) {
	get := func(name string) string {
		if v := r.Header[name]; len(v) == 1 {
			return v[0]
		} else {
			return strings.Join(v, ", ")
		}
	}
	x.Begin(time.Now())
	x.Client = (*client)(r)
	x.Request = plan.Request{
		Method: r.Method, Target: target(r),
		Authority: r.Host, ForwardedProto: get("X-Forwarded-Proto"),
		ForwardedFor: get("X-Forwarded-For"), Forwarded: get("Forwarded"),
		BadHost: r.Host != "" && !ascii.ValidAuthority(r.Host),
		Accept:  get("Accept"), AcceptEncoding: get(
			"Accept-Encoding"), HasAcceptEncoding: r.Header["Accept-Encoding"] != nil,
		AcceptLanguage: get("Accept-Language"),
		Range:          get("Range"), IfRange: get("If-Range"), IfMatch: get("If-Match"),
		IfNoneMatch:     get("If-None-Match"),
		IfModifiedSince: get("If-Modified-Since"), IfUnmodifiedSince: get("If-Unmodified-Since"),
		Authorization: get("Authorization"),
		Origin:        get("Origin"), RequestMethod: get("Access-Control-Request-Method"),
		AvailableDictionary: get("Available-Dictionary"),
		FetchSite:           get("Sec-Fetch-Site"), FetchMode: get("Sec-Fetch-Mode"),
	}
	x.Logged = respond.Logged{
		Proto: r.Proto, Remote: r.RemoteAddr, Host: r.Host, Referer: r.Referer(),
		UserAgent: r.UserAgent(),
	}
}

// remote returns the address of a request's peer. A server of Unix sockets gives "@" or "".
func remote(r *http.Request) net.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return &net.UnixAddr{Net: "unix"}
	}
	return net.TCPAddrFromAddrPort(a)
}

// target returns the request-target. It is not as it came if that was in absolute-form, or if a
// handler before this one has changed the path, for example http.StripPrefix.
func target(r *http.Request) string {
	target := r.RequestURI
	if path, _, _ := strings.Cut(target, "?"); path != r.URL.EscapedPath() {
		target = "/" + strings.TrimPrefix(r.URL.EscapedPath(), "/")
		if r.URL.RawQuery != "" {
			target += "?" + r.URL.RawQuery
		}
	}
	return target
}

// addFields adds header fields, each "Name: value\r\n", to h. The Server that a handler before this
// one has named stays.
func addFields(h http.Header, fields []byte) {
	for line := range strings.Lines(string(fields)) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\r\n"), ": "); ok {
			if name == "Server" && h["Server"] != nil {
				continue
			}
			h.Add(name, value)
		}
	}
}

// sink is a response as an io.Writer. Each write has its own deadline.
type sink struct {
	http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	err     error // of the connection
}

func (s *sink) Write(p []byte) (int, error) {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.timeout)) // not every ResponseWriter can
	n, err := s.ResponseWriter.Write(p)
	if err != nil {
		s.err = err
	}
	return n, err
}
