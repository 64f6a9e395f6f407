package siterules

import (
	"mime"
	"strings"
)

// servers are header fields that no site can set. They describe the message, its content or the
// connection, and the server computes them.
var servers = words(`accept-ranges age allow connection content-digest content-encoding
	content-length content-range date etag http2-settings keep-alive last-modified location
	repr-digest server te trailer transfer-encoding upgrade want-content-digest want-repr-digest`)

// hosts are header fields that act on the whole host, on other sites of it, or on a proxy in front
// of the server.
var hosts = words(`accept-ch access-control-allow-credentials activate-storage-access alt-svc
	authentication-info clear-site-data critical-ch expect-ct nel origin-agent-cluster
	public-key-pins public-key-pins-report-only report-to service-worker-allowed set-cookie
	set-cookie2 set-login strict-transport-security www-authenticate x-lighttpd-send-file
	x-lighttpd-send-tempfile x-litespeed-location x-reproxy-file x-reproxy-url x-sendfile
	x-sendfile2`)

// hostPrefixes begin the names of further ones.
var hostPrefixes = []string{"proxy-", "sec-", "secure-session-", "x-accel-", "x-http-method"}

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(list) {
		set[name] = true
	}
	return set
}

// allowed returns why a site can't set a header field, or "".
func allowed(name string, o Options) string {
	lower := strings.ToLower(name)
	switch {
	case servers[lower]:
		return name + " is set by the server itself"
	case lower == "basic-auth":
		return "Basic-Auth is not supported: anybody is sent the files"
	case o.Trust:
		return ""
	case hosts[lower]:
		return name + " acts beyond this site: it is for trusted sites only"
	}
	for _, prefix := range hostPrefixes {
		if strings.HasPrefix(lower, prefix) {
			return name + " acts beyond this site: it is for trusted sites only"
		}
	}
	return ""
}

// checkValue returns why a field can't have a value, or "".
func checkValue(lower, value string) string {
	if lower != "content-type" {
		return ""
	}
	kind, _, err := mime.ParseMediaType(value)
	if top, sub, ok := strings.Cut(kind, "/"); err != nil || !ok || top == "" || sub == "" ||
		top == "multipart" {
		return "a Content-Type is as text/plain; charset=utf-8"
	}
	return ""
}
