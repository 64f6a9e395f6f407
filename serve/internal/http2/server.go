package http2

import (
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/serve/internal/respond"
)

// Server is what all connections have in common. All fields must be set.
type Server struct {
	Responder *respond.Responder

	HeaderTimeout time.Duration // from a header block's first byte to its last
	IdleTimeout   time.Duration // from an answer to the next request
	WriteTimeout  time.Duration // for each transfer.Chunk to be taken by the client
	MaxHeader     int           // bytes of a request's header fields
	Draining      *atomic.Bool  // makes each connection end when its streams have ended
}

// Preface is what a client sends first (RFC 9113 §3.4).
const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
