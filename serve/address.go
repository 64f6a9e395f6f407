package serve

import (
	"net"
	"strings"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// Address is the address of a listener.
type Address struct {
	net.Addr
	Secure bool // it speaks TLS
}

// scheme decides whether a listener speaks TLS.
type scheme string

const (
	anyScheme scheme = "" // TLS if there is a certificate, and the listener is one of TCP
	httpOnly  scheme = "http"
	httpsOnly scheme = "https"
)

// secure reports whether a TCP listener speaks TLS.
func (s scheme) secure(certificates bool) bool {
	return s == httpsOnly || s == anyScheme && certificates
}

// schemeNamed returns the scheme with a name, which may be that of anything else.
func schemeNamed(name string) scheme {
	if s := scheme(name); s == httpOnly || s == httpsOnly {
		return s
	}
	return anyScheme
}

// cutScheme returns the scheme of an address in RunOptions.Listen, and the rest. A slash at the end
// of a URL is not part of it.
func cutScheme(address string) (s scheme, rest string) {
	for _, s := range []scheme{httpOnly, httpsOnly} {
		if rest, ok := strings.CutPrefix(address, string(s)+"://"); ok {
			return s, strings.TrimSuffix(rest, "/")
		}
	}
	return anyScheme, address
}

// cutUnix returns the path of an address that is a Unix socket.
func cutUnix(address string) (path string, ok bool) {
	return strings.CutPrefix(address, "unix:")
}

// checkListen returns an error if an address in RunOptions.Listen is malformed.
func checkListen(address string, certificates bool) error {
	if path, ok := cutUnix(address); ok {
		if path == "" {
			return plan.BadOption("Listen", "%q: the path of the socket is missing", address)
		}
		return nil
	}
	s, rest := cutScheme(address)
	if s == httpsOnly && !certificates {
		return plan.BadOption("Listen", "%q: there is no certificate", address)
	}
	return checkAddress("Listen", rest)
}
