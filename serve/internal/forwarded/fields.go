package forwarded

import (
	"net/netip"
	"strings"
)

// Client returns the client that a trusted proxy names in X-Forwarded-For: the address furthest to
// the right that is no proxy itself. If all are, it is the one on the left. At what is no address
// it stops, and returns the one before, which is peer at first. passed is how many addresses are on
// the right of it.
func (t *Trust) Client(peer netip.Addr, forwardedFor string) (client netip.Addr, passed int) {
	n := 0
	for rest := forwardedFor; rest != ""; n++ {
		var last string
		i := strings.LastIndexByte(rest, ',')
		rest, last = rest[:max(i, 0)], rest[i+1:]
		a, ok := node(strings.Trim(last, " \t"))
		if !ok {
			break
		}
		if peer = a; !t.Contains(a) {
			return a, n
		}
	}
	return peer, max(n-1, 0)
}

// Scheme returns the scheme by which a client has asked, from X-Forwarded-Proto. passed is what
// Client has returned: each trusted proxy on the way may have added a value on the right, so as
// many are left out. What is further to the left is the client's own. If there are fewer values,
// only the first proxies have set one, and it is the one on the left.
func Scheme(forwardedProto string, passed int) string {
	for rest := forwardedProto; ; passed-- {
		i := strings.LastIndexByte(rest, ',')
		if i < 0 || passed == 0 {
			return strings.Trim(rest[i+1:], " \t")
		}
		rest = rest[:i]
	}
}

// ClientOf is Client for the field Forwarded (RFC 7239). proto is the parameter of that name next
// to the address, or "".
func (t *Trust) ClientOf(peer netip.Addr, field string) (client netip.Addr, proto string) {
	for field != "" {
		var last string
		field, last = cutLast(field)
		value, scheme, ok := element(last)
		if !ok {
			return peer, proto
		}
		a, ok := node(value)
		if !ok {
			return peer, proto
		}
		if peer, proto = a, scheme; !t.Contains(a) {
			return a, proto
		}
	}
	return peer, proto
}

// cutLast cuts the element on the right off a Forwarded field. It reads from the right, since what
// is on the left may come from a client and have quotes that do not end.
func cutLast(field string) (rest, last string) {
	quoted := false
	for i := len(field) - 1; i >= 0; i-- {
		switch c := field[i]; {
		case c == '"' && !escaped(field[:i]):
			quoted = !quoted
		case c == ',' && !quoted:
			return field[:i], field[i+1:]
		}
	}
	return "", field
}

// escaped reports whether a backslash before the next byte of a quoted string escapes it.
func escaped(before string) bool {
	return (len(before)-len(strings.TrimRight(before, `\`)))%2 == 1
}

// element returns the parameters for and proto of an element (RFC 7239 §4). ok is false if the
// element is malformed.
func element(s string) (node, proto string, ok bool) {
	for more := true; more; {
		if s = strings.TrimLeft(s, "; \t"); s == "" {
			break // pairs may be empty
		}
		name, rest, found := strings.Cut(s, "=")
		if !found {
			return "", "", false
		}
		var value string
		if value, s, ok = parameter(rest); !ok {
			return "", "", false
		}
		switch name = strings.ToLower(name); {
		case name == "for" && node == "":
			node = value
		case name == "proto" && proto == "":
			proto = value
		case name == "for" || name == "proto":
			return "", "", false // twice
		}
		s, more = strings.CutPrefix(strings.TrimLeft(s, " \t"), ";")
	}
	return node, proto, s == ""
}

// parameter reads a token or a quoted string (RFC 9110 §5.6.4).
func parameter(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		i := strings.IndexAny(s, "; \t\"")
		if i < 0 {
			i = len(s)
		}
		return s[:i], s[i:], i > 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// node reads an address with or without a port, and an IPv6 address with or without brackets. The
// word unknown, and names that hide an address (RFC 7239 §6.3), are none.
func node(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap(), a.Zone() == ""
	}
	if inside, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inside, "]") {
		a, err := netip.ParseAddr(strings.TrimSuffix(inside, "]"))
		return a.Unmap(), err == nil && a.Is6() && a.Zone() == ""
	}
	if i := strings.LastIndexByte(s, ':'); i > 0 { // the port may be hidden: RFC 7239 §6
		host := s[:i]
		if strings.HasPrefix(host, "[") == strings.Contains(host, ":") && s[i+1:] != "" {
			return node(host)
		}
	}
	return netip.Addr{}, false
}
