package http1

import (
	"net"
	"net/netip"
	"sync"
)

// registry holds the open connections.
type registry struct {
	mu    sync.Mutex
	conns map[*Conn]netip.Addr
	perIP map[netip.Addr]int
}

// Add takes a connection in, which is answered as via describes. It returns nil if there are too
// many.
func (s *Server) Add(nc net.Conn, via *Via) *Conn {
	c := newConn(s, nc, via)
	var ip netip.Addr
	if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		ip = a.AddrPort().Addr().Unmap()
	}
	g, stats := &s.conns, &s.Responder.Stats
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.MaxConns > 0 && len(g.conns) >= s.MaxConns || s.MaxConnsPerIP > 0 && ip.IsValid() &&
		g.perIP[ip] >= s.MaxConnsPerIP {
		stats.RefusedOne()
		return nil
	}
	if g.conns == nil {
		g.conns, g.perIP = map[*Conn]netip.Addr{}, map[netip.Addr]int{}
	}
	g.conns[c] = ip
	if s.MaxConnsPerIP > 0 {
		g.perIP[ip]++
	}
	stats.Opened()
	return c
}

// remove forgets a connection that was closed.
func (s *Server) remove(c *Conn) {
	g := &s.conns
	g.mu.Lock()
	defer g.mu.Unlock()
	ip, ok := g.conns[c]
	if !ok {
		return
	}
	delete(g.conns, c)
	s.Responder.Stats.Closed()
	if g.perIP[ip]--; g.perIP[ip] <= 0 {
		delete(g.perIP, ip)
	}
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
