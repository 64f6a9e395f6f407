package plan

import "strings"

// unauthorized asks for a password (RFC 7617 §2).
func (p *Plan) unauthorized() {
	p.text(401, "401 Unauthorized\n")
	p.fields = "WWW-Authenticate: Basic realm=\"tpk\", charset=\"UTF-8\"\r\n"
}

// appendPrivate appends a Cache-Control with which no shared cache keeps what only some clients may
// have (RFC 9111 §5.2.2.7). value is what it would be for everybody.
func appendPrivate(dst []byte, value string) []byte {
	dst = append(dst, "Cache-Control: private"...)
	for directive := range strings.SplitSeq(value, ",") {
		directive = strings.TrimSpace(directive)
		name, _, _ := strings.Cut(strings.ToLower(directive), "=")
		switch strings.TrimSpace(name) {
		case "", "public", "private", "s-maxage":
		default:
			dst = append(append(dst, ", "...), directive...)
		}
	}
	return append(dst, "\r\n"...)
}

// sharedCaches are fields that allow caches of several clients to keep an answer, whatever its
// Cache-Control is.
var sharedCaches = map[string]bool{"cdn-cache-control": true, "surrogate-control": true,
	"cloudflare-cdn-cache-control": true, "netlify-cdn-cache-control": true,
	"vercel-cdn-cache-control": true, "edge-control": true, "expires": true}
