package http1

import (
	"net"
	"net/netip"
	"sync"

	"github.com/tarpack/tpk/serve/internal/record"
)

// registry holds the open connections.
type registry struct {
	mu    sync.Mutex
	conns map[*Conn]netip.Addr
	perIP map[netip.Addr]int
}

// Add takes a connection in, which is answered as via describes. It returns nil if there are too
// many. Those of a trusted proxy count for its clients, when it has named them.
func (s *Server) Add(nc net.Conn, via *Via) *Conn {
	c := newConn(s, nc, via)
	g, stats := &s.conns, &s.Responder.Stats
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.MaxConns > 0 && len(g.conns) >= s.MaxConns {
		stats.RefusedOne()
		return nil
	}
	if g.conns == nil {
		g.conns, g.perIP = map[*Conn]netip.Addr{}, map[netip.Addr]int{}
	}
	var client netip.Addr
	if !c.peer.Trusted && !s.Responder.Unlimited.Contains(c.peer.Address) {
		client = clientOf(c.peer.Address)
	}
	if !g.room(client, s.MaxConnsPerIP) {
		stats.RefusedOne()
		return nil
	}
	g.conns[c] = client
	stats.Opened()
	return c
}

// clientOf returns the address that stands for a client: its own, or of IPv6 the first of its
// network, a /64, of which a client can have every address.
func clientOf(a netip.Addr) netip.Addr {
	if a.Is6() {
		p, _ := a.Prefix(64) // a has 128 bits
		return p.Addr()
	}
	return a
}

// room counts a connection of a client, unless there are limit of them. The lock is held.
func (g *registry) room(client netip.Addr, limit int) bool {
	if limit == 0 || !client.IsValid() {
		return true
	}
	if g.perIP[client] >= limit {
		return false
	}
	g.perIP[client]++
	return true
}

// countFor counts a connection for the client that a proxy has named. It returns false if there are
// limit of them already.
func (g *registry) countFor(c *Conn, limit int, stats *record.Stats) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.conns[c]; !ok || c.peer.Trusted ||
		c.server.Responder.Unlimited.Contains(c.peer.Address) {
		return ok
	}
	client := clientOf(c.peer.Address)
	if !g.room(client, limit) {
		stats.RefusedOne()
		return false
	}
	g.conns[c] = client
	return true
}

// remove forgets a connection that was closed.
func (s *Server) remove(c *Conn) {
	g := &s.conns
	g.mu.Lock()
	defer g.mu.Unlock()
	client, ok := g.conns[c]
	if !ok {
		return
	}
	delete(g.conns, c)
	s.Responder.Stats.Closed()
	if g.perIP[client]--; g.perIP[client] <= 0 {
		delete(g.perIP, client)
	}
}

// wrap makes what was read from the connection of c what is read next.
func (g *registry) wrap(c *Conn, unread []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.wire.Conn = &begun{Conn: c.wire.Conn, unread: unread}
}

// replace makes nc the connection of c, with loop as its event loop's side, or nil.
func (g *registry) replace(c *Conn, nc net.Conn, raw func(func(uintptr) bool) error,
	loop loopConn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.wire.Replace(nc, raw)
	c.loop = loop
}

// each calls f with every connection, and returns how many there are.
func (g *registry) each(f func(*Conn)) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		f(c)
	}
	return len(g.conns)
}

// count returns how many connections there are.
func (g *registry) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns)
}
