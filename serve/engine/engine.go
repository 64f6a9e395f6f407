package engine

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/serve/archives"
	"github.com/tarpack/tpk/serve/plan"
)

// Config is what an Engine is made of. Zero durations and sizes mean the defaults.
type Config struct {
	Planner *plan.Planner
	Library *archives.Library
	// Lister renders listings. It is needed if the Planner's options have them.
	Lister func(*plan.Request, *archives.View, *plan.Plan) error

	HeaderTimeout time.Duration // from a request's first byte to the end of its header; 10 s
	IdleTimeout   time.Duration // from an answer to the next request; 75 s
	WriteTimeout  time.Duration // for each 128 KiB to be taken by the client; 30 s
	MaxHeader     int           // bytes of a request's line and header fields; 16 KiB
	MaxConns      int           // connections at a time, those over it are closed at once; 0 for no limit
	MaxConnsPerIP int           // of them from one address; 0 for no limit
	Timing        bool          // keep a histogram of how long answers take
	H2C           bool          // HTTP/2 without TLS, by prior knowledge (RFC 9113 §3.3)

	// Log is told of errors: what could not be read, and who it was for; of many in a short time only how many they are. Nil for nobody.
	Log func(error)
	// Access is told of each request when it is answered. Nil for nobody. What it is given is valid during the call.
	Access func(*Access)
}

// Access describes an answered request.
type Access struct {
	Time      time.Time // when its header had come
	Duration  time.Duration
	Remote    string
	Method    string
	Target    string
	Proto     string
	Host      string
	Referer   string
	UserAgent string
	Status    int
	Bytes     int64 // of the body, sent
}

// Engine answers requests.
type Engine struct {
	config Config
	stats  Stats
	server string // "Server: tpk\r\n", or nothing

	http2    *http.Server
	toHTTP2  *handoff // connections on their way to http2
	conns    registry
	expiring sync.Once     // somebody looks for connections on which no request comes
	done     chan struct{} // closed by Close and Shutdown
	ended    sync.Once
	draining atomic.Bool // Shutdown or Close was called

	complaints complaints
}

// retryAfter is what a server without archives tells clients, in seconds.
const retryAfter = 5

// What can be wrong with content that the index promises.
var (
	errNoContent = errors.New("content can't be read")
	errShort     = fmt.Errorf("%w: the file ends too early", errNoContent)
	errDamaged   = fmt.Errorf("%w: its checksum is wrong", errNoContent)
)

// New makes an Engine.
func New(c Config) *Engine {
	c.HeaderTimeout = or(c.HeaderTimeout, 10*time.Second)
	c.IdleTimeout = or(c.IdleTimeout, 75*time.Second)
	c.WriteTimeout = or(c.WriteTimeout, 30*time.Second)
	c.MaxHeader = or(c.MaxHeader, 16<<10)
	if c.Log == nil {
		c.Log = func(error) {}
	}
	e := &Engine{config: c, done: make(chan struct{}), complaints: complaints{tell: c.Log}}
	if !c.Planner.NamesServer() {
		e.server = "Server: tpk\r\n"
	}
	e.toHTTP2 = newHandoff()
	e.http2 = e.newHTTP2()
	go func() { _ = e.http2.Serve(e.toHTTP2) }() // returns when Shutdown closes it
	return e
}

func or[T ~int | ~int64](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// reason is the reason phrase of a status.
func reason(status int) string { return http.StatusText(status) }

// Close cuts all connections off, where Shutdown would wait for them. The listeners are the caller's to close, before.
func (e *Engine) Close() {
	e.draining.Store(true)
	_ = e.http2.Close()
	e.conns.each((*conn).abort)
	e.end()
}

func (e *Engine) end() { e.ended.Do(func() { close(e.done) }) }
