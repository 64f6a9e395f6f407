package ascii

import (
	"net/netip"
	"strings"
)

const (
	alnum     = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	subDelims = "!$&'()*+,;="
)

// hostBytes has true for each byte of a registered name or an IPv4 address but the percent sign
// (RFC 3986 §3.2.2).
var hostBytes = func() (t [256]bool) {
	for _, c := range alnum + "-._~" + subDelims {
		t[c] = true
	}
	return t
}()

// ValidAuthority reports whether s is a host, and a port or none, as a Host field and the authority
// of an http URI have them (RFC 9110 §4.2.1, §7.2). A user name is an error (§4.2.4). The empty
// string is not valid: callers that allow it check for it.
func ValidAuthority[T string | []byte](s T) bool {
	i := 0
	if len(s) > 0 && s[0] == '[' {
		for i < len(s) && s[i] != ']' {
			i++
		}
		if i == len(s) || !validIP(string(s[1:i])) {
			return false
		}
		i++
	} else {
		for i < len(s) && s[i] != ':' {
			switch {
			case hostBytes[s[i]]:
				i++
			case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
				i += 3
			default:
				return false
			}
		}
	}
	if i == 0 {
		return false
	}
	if i < len(s) && s[i] != ':' {
		return false
	}
	for i++; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// validIP reports whether s is what an IP-literal has between its brackets: an IPv6 address, or an
// address of a version to come (RFC 3986 §3.2.2).
func validIP(s string) bool {
	if s == "" || s[0]|0x20 != 'v' {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Is6() && a.Zone() == ""
	}
	version, address, ok := strings.Cut(s[1:], ".")
	if !ok || version == "" || address == "" {
		return false
	}
	for i := range len(version) {
		if !isHex(version[i]) {
			return false
		}
	}
	for i := range len(address) {
		if !hostBytes[address[i]] && address[i] != ':' {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
