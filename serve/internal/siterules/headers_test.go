package siterules

import (
	"strings"
	"testing"
)

// fields returns what a file asks for, in one line.
func fields(s *Site, target string, skip func(string) bool) string {
	var f Fields
	if !s.Fields(request(target), skip, &f) {
		return ""
	}
	out := strings.ReplaceAll(string(f.Lines), "\r\n", "; ")
	if f.SetsCacheControl {
		out += "cache " + string(f.CacheControl) + "; "
	}
	if len(f.Type) > 0 {
		out += "type " + string(f.Type) + "; "
	}
	return out
}

func TestHeaders(t *testing.T) {
	for _, x := range []struct{ file, target, want string }{
		{"/a\n  X-A: b", "/a", "X-A: b; "},
		{"/a\n  X-A: b", "/a/", "X-A: b; "},
		{"/a/\n  X-A: b", "/a", "X-A: b; "},
		{"/a\n  X-A: b", "/b", ""},
		{"/a\nX-A:b:c\n\n# x\n\tX-B:  d  ", "/a", "X-A: b:c; X-B: d; "},
		{"/a\n X-A: b # no comment", "/a", "X-A: b # no comment; "},
		{"/a/*\n X-A: b", "/a", "X-A: b; "},
		{"/a/*\n X-A: b", "/a/c/d", "X-A: b; "},
		{"/*.js\n X-A: b", "/c/d.js", "X-A: b; "},
		{"/:x/y\n X-A: b", "/c/y", "X-A: b; "},
		{"/:x/*\n X-A: is :x and :splat", "/c d/e/f", "X-A: is c%20d and e/f; "},
		{"/:id/:id_2\n X-A: :id_2 :id :id_3", "/c/d", "X-A: d c :id_3; "},
		{"/*\n X-A: :splat", "/a\r\nSet-Cookie: x=1", "X-A: a%0D%0ASet-Cookie%3A%20x=1; "},
		// Several values, and several blocks.
		{"/a\n X-A: b\n x-a: c", "/a", "X-A: b, c; "},
		{"/*\n X-A: b\n/a\n X-A: c\n X-B: d", "/a", "X-A: b, c; X-B: d; "},
		{"/*\n X-A: b\n/a\n ! X-A\n X-B: d", "/a", "X-B: d; "},
		{"/*\n X-A: b\n/a\n ! x-a\n X-A: d", "/a", "X-A: d; "},
		{"/*\n X-A: b\n/a\n !X-A", "/b", "X-A: b; "},
		{"/a\n Cache-Control: no-store", "/a", "cache no-store; "},
		{"/*\n Cache-Control: a\n/a\n cache-control: b", "/a", "cache a, b; "},
		{"/*\n ! Cache-Control", "/a", "cache ; "},
		{"/*\n Cache-Control: a\n/a\n ! Cache-Control", "/a", "cache ; "},
		{"/*\n Cache-Control: a\n/a\n ! Cache-Control\n Cache-Control: b", "/a", "cache b; "},
		{"/*\n Content-Type: text/css\n/a\n Content-Type: text/x-a", "/a", "type text/x-a; "},
		{"https://b.example/*\n X-A: b\n/a\n X-C: d", "https://b.example/a", "X-A: b; X-C: d; "},
		{"https://b.example/*\n X-A: b\n/a\n X-C: d", "https://c.example/a", "X-C: d; "},
		{"/a\n Vary: X-A\n Access-Control-Allow-Origin: *", "/a",
			"Vary: X-A; Access-Control-Allow-Origin: *; "},
		{"/a\n Skipped: b\n X-A: c", "/a", "X-A: c; "},
	} {
		s, problems := Parse(nil, []byte(x.file), Options{})
		skip := func(lower string) bool { return lower == "skipped" }
		if got := fields(s, x.target, skip); got != x.want || len(problems) > 0 {
			t.Errorf("%q, %s: %q, want %q; %v", x.file, x.target, got, x.want, problems)
		}
	}
}

func TestHeaderProblems(t *testing.T) {
	for line, want := range map[string]string{
		"X-A":                              "NAME: VALUE",
		"X A: b":                           "letters, digits and hyphens",
		": b":                              "letters, digits and hyphens",
		"X-A:":                             "no value",
		"X-A: b\x7f":                       "control character",
		"! X A":                            "! must precede",
		"! ETag":                           "by the server itself",
		"Basic-Auth: me:secret":            "not supported",
		"Content-Type: nonsense":           "text/plain; charset=utf-8",
		"Content-Type: multipart/mixed":    "text/plain; charset=utf-8",
		"X-A: " + strings.Repeat("b", 2e3): "longer than 2000 bytes",
	} {
		_, problems := Parse(nil, []byte("/a\n X-Before: a\n"+line+"\n X-After: b"), Options{})
		if len(problems) != 1 || problems[0].Line != 3 || !strings.Contains(problems[0].Why, want) {
			t.Errorf("%s: %v", line, problems)
		}
	}
	for file, want := range map[string]string{
		"X-A: b":                 "_headers:1: a path must come before",
		"/a\n/b\n X-A: c":        "_headers:1: there is no header field below",
		"/b\n X-A: c\n/a":        "_headers:3: there is no header field below",
		"/*/*\n X-A: c\n X-B: d": "_headers:1: a path has at most one *",
	} {
		if _, problems := Parse(nil, []byte(file), Options{}); len(problems) != 1 ||
			!strings.HasPrefix(problems[0].String(), want) {
			t.Errorf("%q: %v", file, problems)
		}
	}
}

// TestAllowed: no field can change the message, and those that act on the whole host need trust.
func TestAllowed(t *testing.T) {
	for _, name := range []string{"Content-Length", "transfer-encoding", "CONNECTION", "Date",
		"Content-Encoding", "Content-Range", "ETag", "Location", "Keep-Alive", "Upgrade", "Trailer",
		"Accept-Ranges", "Last-Modified", "Repr-Digest", "Server"} {
		for _, trust := range []bool{false, true} {
			if allowed(name, Options{Trust: trust}) == "" {
				t.Errorf("%s is allowed, trust %v", name, trust)
			}
		}
	}
	for _, name := range []string{"Set-Cookie", "Strict-Transport-Security", "Clear-Site-Data",
		"Alt-Svc", "Service-Worker-Allowed", "Access-Control-Allow-Credentials", "NEL",
		"X-Accel-Redirect", "X-Sendfile", "WWW-Authenticate", "Proxy-Authenticate"} {
		if allowed(name, Options{}) == "" || allowed(name, Options{Trust: true}) != "" {
			t.Errorf("%s needs no trust, or is never allowed", name)
		}
	}
	for _, name := range []string{"Content-Security-Policy", "X-Frame-Options", "Cache-Control",
		"Access-Control-Allow-Origin", "Link", "X-Robots-Tag", "Referrer-Policy", "CDN-Cache-Control",
		"Cross-Origin-Opener-Policy", "X-XSS-Protection", "Content-Disposition"} {
		if why := allowed(name, Options{}); why != "" {
			t.Errorf("%s: %s", name, why)
		}
	}
	s, _ := Parse(nil, []byte("/*\n Set-Cookie: a=1\n/b\n Set-Cookie: b=2"), Options{Trust: true})
	if got := fields(s, "/b", nil); got != "Set-Cookie: a=1; Set-Cookie: b=2; " {
		t.Error(got)
	}
}

// TestFieldLimits: what blocks add to an answer is bounded.
func TestFieldLimits(t *testing.T) {
	var many, long strings.Builder
	many.WriteString("/*\n")
	long.WriteString("/*\n")
	for i := range 2 * maxFields {
		many.WriteString("X-" + strings.Repeat("a", i+1) + ": b\n")
		long.WriteString("X-A: " + strings.Repeat("b", 500) + "\n")
	}
	s, _ := Parse(nil, []byte(many.String()), Options{})
	if got := strings.Count(fields(s, "/", nil), "; "); got != maxFields {
		t.Error(got)
	}
	s, _ = Parse(nil, []byte(long.String()), Options{})
	if got := len(fields(s, "/", nil)); got > maxFieldBytes+200 || got < maxFieldBytes-600 {
		t.Error(got)
	}
}
