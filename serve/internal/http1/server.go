package http1

import (
	"crypto/tls"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/serve/internal/http2"
	"github.com/tarpack/tpk/serve/internal/respond"
)

// Server is what all connections have in common. New makes one.
type Server struct {
	Config

	http2    *http2.Server
	conns    registry
	expiring sync.Once     // expire was started
	last     atomic.Bool   // Announce was called
	draining atomic.Bool   // Drain was called
	done     chan struct{} // closed by End
	ended    sync.Once
}

// Config is what a Server is made of. All durations are positive.
type Config struct {
	Responder *respond.Responder

	HeaderTimeout time.Duration // from a request's first byte to the end of its head
	IdleTimeout   time.Duration // from an answer to the next request
	WriteTimeout  time.Duration // for each transfer.Chunk to be taken by the client
	MaxHeader     int           // bytes of a head
	MaxConns      int           // connections at a time; 0 for no limit
	MaxConnsPerIP int           // connections from one address at a time; 0 for no limit
	H2C           bool          // HTTP/2 without TLS by prior knowledge (RFC 9113 §3.3)
}

// Via is how the connections of a listener are answered.
type Via struct {
	TLS       *tls.Config // they are connections of TLS; nil if they are not
	HTTPSPort int         // see plan.Request
}

// New returns a Server without connections.
func New(c Config) *Server {
	s := &Server{Config: c, done: make(chan struct{})}
	s.http2 = &http2.Server{
		Responder: c.Responder, HeaderTimeout: c.HeaderTimeout, IdleTimeout: c.IdleTimeout,
		WriteTimeout: c.WriteTimeout, MaxHeader: c.MaxHeader, Draining: &s.last,
	}
	return s
}

// Announce makes every answer the last one of its connection. Connections that wait for a request
// may still send one: clients see no end that they could not expect.
func (s *Server) Announce() { s.last.Store(true) }

// Drain makes every answer the last one of its connection, and waits for no further request.
func (s *Server) Drain() {
	s.last.Store(true)
	s.draining.Store(true)
}

// Interrupt closes connections that wait for a request, once Drain was called, and returns how many
// connections are left. An answer that is being sent goes on.
func (s *Server) Interrupt() int { return s.conns.each((*Conn).interrupt) }

// Abort cuts all connections off.
func (s *Server) Abort() { s.conns.each((*Conn).abort) }

// Open returns how many connections there are.
func (s *Server) Open() int { return s.conns.count() }

// End ends what the Server does besides its connections.
func (s *Server) End() { s.ended.Do(func() { close(s.done) }) }
