package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// registry knows the open connections.
type registry struct {
	mu    sync.Mutex
	conns map[*conn]netip.Addr
	perIP map[netip.Addr]int
	http2 map[net.Conn]*conn // those that left, by what net/http knows them as
}

// add takes a connection in, unless there are too many.
func (g *registry) add(c *conn) bool {
	var ip netip.Addr
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		ip = a.AddrPort().Addr().Unmap()
	}
	max, perIP := c.e.config.MaxConns, c.e.config.MaxConnsPerIP
	g.mu.Lock()
	defer g.mu.Unlock()
	if max > 0 && len(g.conns) >= max || perIP > 0 && ip.IsValid() && g.perIP[ip] >= perIP {
		c.e.stats.refused.Add(1)
		return false
	}
	if g.conns == nil {
		g.conns, g.perIP = map[*conn]netip.Addr{}, map[netip.Addr]int{}
	}
	g.conns[c] = ip
	if perIP > 0 {
		g.perIP[ip]++
	}
	c.e.stats.conns.Add(1)
	c.e.stats.total.Add(1)
	return true
}

func (g *registry) remove(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ip, ok := g.conns[c]
	if !ok {
		return
	}
	delete(g.conns, c)
	c.e.stats.conns.Add(-1)
	if g.perIP[ip]--; g.perIP[ip] <= 0 {
		delete(g.perIP, ip)
	}
}

// replace makes another connection that of c.
func (g *registry) replace(c *conn, nc net.Conn, loop loopConn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.Conn, c.loop = nc, loop
}

// leave notes under which connection net/http will close c.
func (g *registry) leave(c *conn, nc net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.http2 == nil {
		g.http2 = map[net.Conn]*conn{}
	}
	g.http2[nc] = c
	c.left = true
}

// closed is told by net/http that a connection has ended.
func (g *registry) closed(nc net.Conn) {
	g.mu.Lock()
	c := g.http2[nc]
	delete(g.http2, nc)
	g.mu.Unlock()
	if c != nil {
		g.remove(c)
	}
}

// each calls f with every connection of HTTP/1, and tells how many there are of both.
func (g *registry) each(f func(*conn)) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		if !c.left {
			f(c)
		}
	}
	return len(g.conns)
}

// Serve answers the connections of a listener until it is closed. Those of TLS listeners must be *tls.Conn, as
// tls.NewListener makes them; with "h2" among the protocols they may turn out to be HTTP/2.
func (e *Engine) Serve(ln net.Listener) {
	delay := 5 * time.Millisecond
	for {
		nc, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Out of descriptors or the like: others will end. net/http waits as well.
			e.config.Log(err)
			time.Sleep(delay)
			delay = min(2*delay, time.Second)
			continue
		}
		delay = 5 * time.Millisecond
		if c := e.newConn(nc); !e.conns.add(c) {
			_ = nc.Close()
		} else if !e.toLoop(c) {
			go e.serveConn(c)
		}
	}
}

// serveConn answers a connection's requests, until it is closed, or somebody else has it.
func (e *Engine) serveConn(c *conn) {
	if t, ok := c.Conn.(*tls.Conn); ok {
		_ = t.SetDeadline(time.Now().Add(e.config.HeaderTimeout))
		if t.Handshake() != nil {
			_ = c.Close()
			return
		}
		_ = t.SetDeadline(time.Time{})
		if t.ConnectionState().NegotiatedProtocol == "h2" {
			c.leave(t)
			return
		}
	}
	_ = c.lane() // the reason why it ended is in what it left behind
	switch {
	case c.turn.parked:
		c.goBack()
	case c.tail != nil && c.detach() == nil:
		c.tail.Conn = c.Conn
		c.leave(c.tail)
	default:
		_ = c.Close()
	}
}

// errLeaving ends the lane of a connection that goes on as HTTP/2.
var errLeaving = errors.New("connection preface of HTTP/2")

// leave hands the connection over to net/http. It stays in the registry until that closes it.
func (c *conn) leave(nc net.Conn) {
	c.e.conns.leave(c, nc)
	_ = c.SetDeadline(time.Time{})
	if !c.e.toHTTP2.give(nc) {
		_ = nc.Close()
		c.e.conns.closed(nc)
	}
}

// newHTTP2 makes the server of HTTP/2 connections, all of which come by leave.
func (e *Engine) newHTTP2() *http.Server {
	var p http.Protocols
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           e.Handler(),
		Protocols:         &p,
		ReadHeaderTimeout: e.config.HeaderTimeout,
		IdleTimeout:       e.config.IdleTimeout,
		MaxHeaderBytes:    e.config.MaxHeader,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 128,
			SendPingTimeout:      e.config.IdleTimeout / 2,
			WriteByteTimeout:     e.config.WriteTimeout,
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // what clients do wrong; what goes wrong here is logged by the handler
		ConnState: func(nc net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				e.conns.closed(nc)
			}
		},
	}
}

// Shutdown lets requests under way finish and closes connections as they become idle. When ctx ends first the rest
// is cut off, and the error is the context's. The listeners are the caller's to close, before.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.draining.Store(true)
	defer e.end()
	go func() { _ = e.http2.Shutdown(ctx) }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		// Who waits for a request wakes up by this, and sees that there will be none. A response being sent is not touched.
		if e.conns.each((*conn).interrupt) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			_ = e.http2.Close()
			e.conns.each((*conn).abort)
			return ctx.Err()
		case <-tick.C:
		}
	}
}
