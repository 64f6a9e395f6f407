package respond

import (
	"net"
	"net/netip"

	"github.com/tarpack/tpk/serve/internal/ascii"
	"github.com/tarpack/tpk/serve/internal/forwarded"
)

// Peer describes the connection that requests come by.
type Peer struct {
	Remote    string     // the client's address and port, for the access log
	Address   netip.Addr // the client's address; zero if it has none, as with a Unix socket
	Trusted   bool       // it is a proxy that may name its clients
	Secure    bool       // the client uses TLS
	HTTPSPort int        // see plan.Request
}

// NewPeer describes the peer of a connection.
func (r *Responder) NewPeer(remote net.Addr, secure bool, httpsPort int) Peer {
	return Peer{Address: forwarded.Address(remote), Trusted: r.Trust.Trusts(remote), Secure: secure,
		HTTPSPort: httpsPort}
}

// Introduce makes p the client that a proxy has named by the PROXY protocol. If it has named none,
// the address stays the proxy's, but what the requests name is the client's word, unless they are
// the proxy's own.
func (r *Responder) Introduce(p *Peer, in *forwarded.Introduction) {
	if !in.Named {
		p.Trusted = p.Trusted && in.Own
		return
	}
	p.Address, p.Remote = in.Client.Addr(), ""
	if in.Client.IsValid() {
		p.Remote = in.Client.String()
	}
	p.Trusted = r.Trust.Contains(p.Address)
	p.Secure = p.Secure || in.Secure
}

// Meet tells x who its client is: the peer, or the one that a trusted peer names. What others name
// is not heeded.
func (r *Responder) Meet(x *Exchange, p *Peer) {
	x.Secure, x.HTTPSPort, x.Address = p.Secure, p.HTTPSPort, p.Address
	if !p.Trusted {
		return
	}
	var scheme string
	var passed int
	if r.TrustForwarded {
		x.Address, scheme = r.Trust.ClientOf(p.Address, x.Forwarded)
	} else {
		x.Address, passed = r.Trust.Client(p.Address, x.ForwardedFor)
		scheme = forwarded.Scheme(x.ForwardedProto, passed)
	}
	switch {
	case ascii.EqualFold(scheme, "https"):
		x.Secure = true
	case ascii.EqualFold(scheme, "http"):
		x.Secure = false
	}
	if r.Access != nil && x.Address != p.Address {
		x.Remote = netip.AddrPortFrom(x.Address, 0).String()
	}
}
