package forwarded

import (
	"fmt"
	"net"
	"net/netip"
)

// Unix is the word for all connections by Unix sockets in a list of trusted proxies.
const Unix = "unix"

// Trust is a set of proxies. Nil trusts nothing.
type Trust struct {
	prefixes []netip.Prefix
	unix     bool
}

// Parse returns the set of a list of addresses, of prefixes as 10.0.0.0/8, and of the word Unix. It
// is nil for an empty list. The error is without the text that is malformed, which is returned.
func Parse(list []string) (t *Trust, bad string, err error) {
	if len(list) == 0 {
		return nil, "", nil
	}
	t = &Trust{}
	for _, s := range list {
		if s == Unix {
			t.unix = true
			continue
		}
		p, err := prefix(s)
		if err != nil {
			return nil, s, err
		}
		t.prefixes = append(t.prefixes, p)
	}
	return t, "", nil
}

// prefix returns the prefix of an address or of CIDR notation.
func prefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("it is an address, as 10.0.0.1, or a prefix, as 10.0.0.0/8")
	}
	if p.Masked() != p {
		return p, fmt.Errorf("it has bits behind its prefix: write %s", p.Masked())
	}
	if p.Addr().Is4In6() {
		return p, fmt.Errorf("write it as a prefix of IPv4")
	}
	return p, nil
}

// Contains reports whether an address is in the set. The zero Addr is not.
func (t *Trust) Contains(a netip.Addr) bool {
	if t == nil || !a.IsValid() {
		return false
	}
	for _, p := range t.prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Trusts reports whether the peer of a connection is in the set.
func (t *Trust) Trusts(peer net.Addr) bool {
	if t == nil {
		return false
	}
	if _, ok := peer.(*net.UnixAddr); ok {
		return t.unix
	}
	return t.Contains(Address(peer))
}

// Address returns the IP address of the peer of a connection, or the zero Addr if it has none.
func Address(peer net.Addr) netip.Addr {
	if a, ok := peer.(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
