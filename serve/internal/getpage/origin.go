package getpage

import (
	"strings"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// origin returns the scheme and the host by which the client has asked. A proxy in front names the
// scheme in X-Forwarded-Proto; the first is that of the client.
func origin(r *plan.Request) string {
	scheme := "http"
	if r.Secure {
		scheme = "https"
	}
	first, _, _ := strings.Cut(r.ForwardedProto, ",")
	switch first = strings.ToLower(strings.TrimSpace(first)); first {
	case "http", "https":
		scheme = first
	}
	host := r.Authority
	if host == "" {
		host = "localhost"
	}
	return scheme + "://" + host
}
