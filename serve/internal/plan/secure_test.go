package plan

import "testing"

// TestRedirectToHTTPS: the redirect keeps path and query, has the host of the request, and leads to
// no other one.
func TestRedirectToHTTPS(t *testing.T) {
	pl := planner(t, Options{})
	for _, c := range []struct {
		method, host, target string
		port, status         int
		location             string
	}{
		{"GET", "a.example", "/x?y=1", 443, 301, "https://a.example/x?y=1"},
		{"HEAD", "a.example:80", "/", 443, 301, "https://a.example/"},
		{"GET", "a.example:8080", "/", 8443, 301, "https://a.example:8443/"},
		{"GET", "[2001:db8::1]:80", "/", 443, 301, "https://[2001:db8::1]/"},
		{"GET", "[2001:db8::1]", "/", 8443, 301, "https://[2001:db8::1]:8443/"},
		{"GET", "a:", "/", 443, 301, "https://a/"},
		{"POST", "a", "/x", 443, 308, "https://a/x"},
		{"OPTIONS", "a", "/x", 443, 308, "https://a/x"},
		{"GET", "a", "//evil.example/x", 443, 301, "https://a//evil.example/x"},
		{"GET", "a", "/%2f%2Fevil.example", 443, 301, "https://a/%2f%2Fevil.example"},
		{"GET", "a", "/\\evil.example", 443, 301, "https://a/%5Cevil.example"},
		{"GET", "a", "/x\x01\xffy", 443, 301, "https://a/x%01%FFy"},
		{"GET", "a", "/?q=\"a\xff?b=/", 443, 301, "https://a/?q=%22a%FF?b=/"},
		{"GET", "a", "http://evil.example/x", 443, 301, "https://a/x"},
		{"GET", "a", "/../../x", 443, 301, "https://a/../../x"},
		{"GET", "a", "/.well-known/acme-challenge", 443, 301, "https://a/.well-known/acme-challenge"},
		{"GET", "", "/x", 443, 400, ""},
		{"GET", "a", "*", 443, 400, ""},
		{"GET", "a", "/.well-known/acme-challenge/token", 443, 404, ""},
		{"GET", "a", "/a.html", 0, 200, ""},
	} {
		var p Plan
		r := &Request{Method: c.method, Target: c.target, Authority: c.host, HTTPSPort: c.port}
		if err := pl.Plan(r, site(), &p); err != nil {
			t.Fatal(err)
		}
		if got := header(&p, "Location"); p.Status != c.status || got != c.location {
			t.Errorf("%s %s %q: %d, %s", c.method, c.host, c.target, p.Status, got)
		}
		if p.Sends() != (c.method != "HEAD") {
			t.Errorf("%s %s: content: %t", c.method, c.target, p.Sends())
		}
		r.Secure = true
		if err := pl.Plan(r, site(), &p); err != nil {
			t.Fatal(err)
		}
		if header(&p, "Location") == c.location && c.location != "" {
			t.Errorf("%s: redirected from TLS", c.target)
		}
	}
}

// TestOptionsOfServer: OPTIONS * asks about the server, also where all else is redirected.
func TestOptionsOfServer(t *testing.T) {
	var p Plan
	r := &Request{Method: "OPTIONS", Target: "*", HTTPSPort: 443}
	if err := planner(t, Options{}).Plan(r, site(), &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != 204 || header(&p, "Allow") == "" || header(&p, "Location") != "" || p.Sends() {
		t.Errorf("%d, Allow %q", p.Status, header(&p, "Allow"))
	}
}
