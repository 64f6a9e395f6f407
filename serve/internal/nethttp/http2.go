package nethttp

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// HTTP2 answers connections that have agreed on HTTP/2 by ALPN, or begin with its preface.
type HTTP2 struct {
	server *http.Server
	conns  *handoff
}

// HTTP2Config is what an HTTP2 is made of.
type HTTP2Config struct {
	HeaderTimeout time.Duration  // for a request's head
	IdleTimeout   time.Duration  // without a request
	MaxHeader     int            // bytes of a head
	Closed        func(net.Conn) // called when a connection has ended
}

// NewHTTP2 starts an HTTP/2 server without a listener. Shutdown or Close ends it.
func NewHTTP2(h *Handler, c HTTP2Config) *HTTP2 {
	var p http.Protocols
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	s := &HTTP2{conns: newHandoff(), server: &http.Server{
		Handler:           h,
		Protocols:         &p,
		ReadHeaderTimeout: c.HeaderTimeout,
		IdleTimeout:       c.IdleTimeout,
		MaxHeaderBytes:    c.MaxHeader,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 128,
			SendPingTimeout:      c.IdleTimeout / 2,
			WriteByteTimeout:     h.WriteTimeout,
		},
		// It would get what clients do wrong. Errors of the server itself are logged by the
		// Handler.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		ConnState: func(nc net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				c.Closed(nc)
			}
		},
	}}
	go func() { _ = s.server.Serve(s.conns) }() // ends when Shutdown or Close closes conns
	return s
}

// Take answers a connection from now on. It returns false if the server has ended.
func (s *HTTP2) Take(nc net.Conn) bool { return s.conns.give(nc) }

// Shutdown lets requests under way finish, until ctx ends.
func (s *HTTP2) Shutdown(ctx context.Context) { _ = s.server.Shutdown(ctx) }

// Close cuts all connections off.
func (s *HTTP2) Close() { _ = s.server.Close() }

// handoff is a net.Listener for connections that were accepted by another one.
type handoff struct {
	conns chan net.Conn
	done  chan struct{}
}

func newHandoff() *handoff {
	return &handoff{conns: make(chan net.Conn),
		done: make(chan struct{})}
}

// give makes Accept return c. It returns false if the listener is closed.
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
