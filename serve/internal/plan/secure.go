package plan

import (
	"net/http"
	"strconv"
	"strings"
)

// acmePath is what the paths begin with by which a certificate authority asks whether the server
// controls its name (RFC 8555 §8.3). They are answered without TLS, since they are asked for before
// there is a certificate.
const acmePath = "/.well-known/acme-challenge/"

// moves reports whether a request is redirected to https. OPTIONS * is about the server as a whole,
// and has no URL to redirect to (RFC 9110 §9.3.7).
func moves(r *Request) bool {
	return r.HTTPSPort != 0 && !r.Secure && !strings.HasPrefix(r.Target, acmePath) &&
		(r.Method != http.MethodOptions || r.Target != "*")
}

// secure plans a redirect to the same URL of https. The host is the one that the client has asked
// for. A method that may change something is kept by 308 (RFC 9110 §15.4.9); for the others, every
// client knows 301.
func (p *Plan) secure(r *Request) {
	path, query, ok := splitTarget(r.Target)
	switch {
	case r.Authority == "":
		p.text(400, "400 Bad Request: there is no host to redirect to https\n")
		return
	case !ok:
		p.text(400, "400 Bad Request\n")
		return
	}
	status := http.StatusPermanentRedirect
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		status = http.StatusMovedPermanently
	}
	p.text(status, strconv.Itoa(status)+" "+http.StatusText(status)+"\n")
	loc := append(append(p.location[:0], "https://"...), withoutPort(r.Authority)...)
	if r.HTTPSPort != 443 {
		loc = strconv.AppendInt(append(loc, ':'), int64(r.HTTPSPort), 10)
	}
	loc = appendEscaped(loc, path, rawPathChar)
	if query != "" {
		loc = appendEscaped(append(loc, '?'), query, queryChar)
	}
	p.location = loc
}

// withoutPort returns the host of an authority.
func withoutPort(authority string) string {
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		return authority[:i]
	}
	return authority
}

// rawPathChar reports whether c may stand unescaped in a path that came escaped.
func rawPathChar(c byte) bool { return queryChar(c) && c != '?' }
