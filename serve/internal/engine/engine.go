package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/tarpack/tpk/serve/internal/http1"
	"github.com/tarpack/tpk/serve/internal/respond"
)

// Config is what an Engine is made of. A duration or size of 0 means the default. Connections above
// a limit are closed at once.
type Config struct {
	Responder *respond.Responder

	HeaderTimeout time.Duration // from a request's first byte to the end of its head; 10 s
	IdleTimeout   time.Duration // from an answer to the next request; 75 s
	WriteTimeout  time.Duration // for each 128 KiB to be taken by the client; 30 s
	MaxHeader     int           // bytes of a request's line and header fields; 16 KiB
	MaxConns      int           // connections at a time; 0 for no limit
	MaxConnsPerIP int           // connections from one address at a time; 0 for no limit
	H2C           bool          // HTTP/2 without TLS by prior knowledge (RFC 9113 §3.3)
}

// DefaultWriteTimeout is that of Config.
const DefaultWriteTimeout = 30 * time.Second

// Engine answers the requests of connections.
type Engine struct {
	http1 *http1.Server
	log   func(error)
}

// New returns an Engine, which Shutdown or Close ends.
func New(c Config) *Engine {
	c.HeaderTimeout = or(c.HeaderTimeout, 10*time.Second)
	c.IdleTimeout = or(c.IdleTimeout, 75*time.Second)
	c.WriteTimeout = or(c.WriteTimeout, DefaultWriteTimeout)
	c.MaxHeader = or(c.MaxHeader, 16<<10)
	e := &Engine{log: c.Responder.Errors.Log}
	e.http1 = http1.New(http1.Config{
		Responder: c.Responder, HeaderTimeout: c.HeaderTimeout, IdleTimeout: c.IdleTimeout,
		WriteTimeout: c.WriteTimeout,
		MaxHeader:    c.MaxHeader, MaxConns: c.MaxConns, MaxConnsPerIP: c.MaxConnsPerIP, H2C: c.H2C,
	})
	return e
}

func or[T ~int | ~int64](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// acceptLogTime is the shortest time between two lines of the log about a listener that can't
// accept connections.
const acceptLogTime = time.Minute

// Via is how the connections of a listener are answered.
type Via = http1.Via

// Serve answers the connections of a listener until it is closed. If via has the protocol "h2" of
// TLS they may go on as HTTP/2.
func (e *Engine) Serve(ln net.Listener, via Via) {
	const shortest, longest = 5 * time.Millisecond, time.Second
	delay := shortest
	var told time.Time // when an error was logged
	for {
		nc, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Most likely there are no descriptors left. Wait for connections to end, as net/http
			// does.
			if now := time.Now(); now.Sub(told) >= acceptLogTime {
				told = now
				e.log(fmt.Errorf("new connections wait: %w", err))
			}
			time.Sleep(delay)
			delay = min(2*delay, longest)
			continue
		}
		delay = shortest
		switch c := e.http1.Add(nc, &via); {
		case c == nil:
			_ = nc.Close()
		case c.ToLoop():
		default:
			go c.Run()
		}
	}
}

// drainTick is the time between two looks whether connections are left.
const drainTick = 50 * time.Millisecond

// Drain waits until all connections have ended by themselves, after another process has taken over
// the listeners. Each answer is the last one of its connection. A connection that waits for a
// request may do so for the usual time: its end could cross with the request. If ctx ends first,
// Drain returns its error, and the rest is left to Shutdown. The caller must have closed the
// listeners.
func (e *Engine) Drain(ctx context.Context) error {
	e.http1.Announce()
	tick := time.NewTicker(drainTick)
	defer tick.Stop()
	for e.http1.Open() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Shutdown lets requests under way finish and closes connections as they become idle. If ctx ends
// first it cuts off the rest and returns the context's error. The caller must have closed the
// listeners.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.http1.Drain()
	defer e.http1.End()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for e.http1.Interrupt() > 0 {
		select {
		case <-ctx.Done():
			e.http1.Abort()
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Alive waits until what answers the connections of all Engines has shown that it does not hang. It
// returns the error of ctx if that ends first.
func Alive(ctx context.Context) error { return http1.Alive(ctx) }

// Close cuts off all connections. The caller must have closed the listeners.
func (e *Engine) Close() {
	e.http1.Drain()
	e.http1.Abort()
	e.http1.End()
}
