package getpage

import "github.com/tarpack/tpk/serve/internal/plan"

// origin returns the scheme and the host by which the client has asked.
func origin(r *plan.Request) string {
	scheme := "http"
	if r.Secure {
		scheme = "https"
	}
	host := r.Authority
	if host == "" {
		host = "localhost"
	}
	return scheme + "://" + host
}
