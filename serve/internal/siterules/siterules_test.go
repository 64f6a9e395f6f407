package siterules

import (
	"fmt"
	"strings"
	"testing"
)

// ask answers a request for a target such as "/a/b?c" or "http://host/a".
func ask(s *Site, target string, forced bool) string {
	var a Answer
	if !s.Answer(request(target), forced, &a) {
		return ""
	}
	switch {
	case a.Absolute:
		return fmt.Sprintf("%d %s", a.Status, a.Location)
	case a.Status/100 == 3:
		return fmt.Sprintf("%d /%s", a.Status, a.Location)
	case !a.HasPage:
		return fmt.Sprint(a.Status)
	}
	return fmt.Sprintf("%d /%s", a.Status, a.Page)
}

// request is a request for a target.
func request(target string) *Request {
	r := &Request{Host: "site.example"}
	if rest, plain, ok := cutScheme(target); ok {
		host, path, _ := strings.Cut(rest, "/")
		r.Host, r.Secure, target = host, !plain, "/"+path
	}
	path, query, _ := strings.Cut(target, "?")
	r.Query = query
	path = strings.TrimPrefix(path, "/")
	r.Path, r.Slash = strings.CutSuffix(path, "/")
	r.Slash = r.Slash || path == ""
	return r
}

func TestRedirects(t *testing.T) {
	for _, x := range []struct{ file, target, want string }{
		{"/a /b", "/a", "301 /b"},
		{"/a /b", "/a/", "301 /b"},
		{"/a/ /b/", "/a", "301 /b/"},
		{"a /b", "/a", "301 /b"},
		{"/a /b", "/A", ""},
		{"/a /b", "/ab", ""},
		{"/ /b", "/", "301 /b"},
		{"/a /b 302", "/a", "302 /b"},
		{"/a /b 303", "/a", "303 /b"},
		{"/a /b 307", "/a", "307 /b"},
		{"/a /b 308", "/a", "308 /b"},
		{"/a /b # why", "/a", "301 /b"},
		{"/a /b#part", "/a", "301 /b#part"},
		{"/a /b\n/a/* /c", "/a", "301 /b"},
		{"/a/* /c\n/a/x /b", "/a/x", "301 /c"},
		{"/a /b\r\n/c /d\r\n", "/c", "301 /d"},
		{"\xef\xbb\xbf/a /b", "/a", "301 /b"},
		// Parameters.
		{"/a /b", "/a?x=1&y=%20", "301 /b?x=1&y=%20"},
		{"/a /b#part", "/a?x=1", "301 /b?x=1#part"},
		{"/a /b?z=2", "/a?x=1", "301 /b?z=2"},
		{"/a id=:id /b/:id", "/a?id=1&x=2", "301 /b/1"},
		{"/a id=:id /b/:id", "/a?x=2", ""},
		{"/a id=:id /b/:id", "/a?id=..%2F..%2Fetc", "301 /b/..%2F..%2Fetc"},
		{"/a id=:id /b?c=:id", "/a?id=1%26d", "301 /b?c=1%26d"},
		{"/a id=:id /b?c=:id", "/a?id=..", "301 /b?c=.."},
		{"/a id=:id /:id", "/a?id=..", ""},
		{"/a id=:id /b/:id/c", "/a?id=.", ""},
		{"/a id=:id /%2E:id", "/a?id=.", ""},
		{"/a id=:id https://x.example/:id", "/a?id=..", "301 https://x.example/.."},
		{"/:name.php /:name", "/...php", ""},
		{"/:name.php /:name", "/a..php", "301 /a."},
		{"/a id=7 /b", "/a?id=7", "301 /b"},
		{"/a id=7 /b", "/a?id=8", ""},
		{"/a id=7 x=:x /b/:x", "/a?x=q&id=7", "301 /b/q"},
		{"/a/:n id=:id /b/:n/:id", "/a/s?id=1", "301 /b/s/1"},
		{"/a id=1 /a", "/a?id=1", "301 /a"},
		// Placeholders and splats.
		{"/a/* /b/:splat", "/a", "301 /b/"},
		{"/a/* /b/:splat", "/a/", "301 /b/"},
		{"/a/* /b/:splat", "/a/c/d", "301 /b/c/d"},
		{"/a/* /b/:splat", "/a/c/", "301 /b/c/"},
		{"/a/* /b", "/ab", ""},
		{"/a*  /b/:splat", "/abc/d", "301 /b/bc/d"},
		{"/a*  /b/:splat", "/a", "301 /b/"},
		{"/*.php /:splat", "/d/q.php", "301 /d/q"},
		{"/a/*/e /b/:splat", "/a/c/d/e", "301 /b/c/d"},
		{"/a/*/e /b/:splat", "/a/e", ""},
		{"/a/*/:y /b/:splat/:y", "/a/q/r/s", "301 /b/q/r/s"},
		{"/a/:x/* /b/:splat/:x", "/a/q/r/s", "301 /b/r/s/q"},
		{"/a/:x/c /b/:x-:y", "/a/Q/c", "301 /b/Q-:y"},
		{"/a/:x /b", "/a", ""},
		{"/a/:x /b", "/a/b/c", ""},
		{"/a/:x.html /b/:x", "/a/q.html", "301 /b/q"},
		{"/a/:x.html /b/:x", "/a/.html", ""},
		{"/:id/:id_2 /:id_2/:id", "/a/b", "301 /b/a"},
		{"/wiki/Special:Search /s", "/wiki/Special:Search", "301 /s"},
		{"/a%20b /c", "/a b", "301 /c"},
		{"/a/:x /b/:x", "/a/p q?", "301 /b/p%20q"},
		{"/* /x/:splat 302", "/a/b", "302 /x/a/b"},
		// Hosts and schemes.
		{"/a https://b.example", "/a", "301 https://b.example/"},
		{"/a https://b.example?x=1", "/a?y", "301 https://b.example/?x=1"},
		{"/a https://b.example:8443/x", "/a?q=1", "301 https://b.example:8443/x?q=1"},
		{"/* https://b.example/:splat", "/a/b", "301 https://b.example/a/b"},
		{"https://a.example/* /x", "https://a.example/y", "301 /x"},
		{"https://a.example/* /x", "http://A.example:8080/y", "301 /x"},
		{"https://a.example/* /x", "http://b.example/y", ""},
		{"http://a.example/* https://a.example/:splat", "http://a.example/y",
			"301 https://a.example/y"},
		{"http://a.example/* https://a.example/:splat", "https://a.example/y", ""},
		{"/* https://a.example/:splat", "https://a.example/y", ""},
		{"/* https://a.example/:splat", "http://a.example/y", "301 https://a.example/y"},
		// Lines that lead back are passed over.
		{"/a /a/", "/a", "301 /a/"},
		{"/a /a/", "/a/", ""},
		{"/a/ /a", "/a", ""},
		{"/a /a?x=1", "/a?x=1", ""},
		{"/a /a\n/a/* /b", "/a", "301 /b"},
		{"/* /x", "/x", ""},
		// Pages.
		{"/* /index.html 200", "/a/b", "200 /index.html"},
		{"/a/* 200", "/a/b", "200 /a/b"},
		{"/a /b/ 200", "/a", "200 /b"},
		{"/a / 200", "/a", "200 /"},
		{"/a /gone.html 410", "/a", "410 /gone.html"},
		{"/a 410", "/a", "410"},
		{"/a/* 404", "/a/b", "404"},
		{"/en/* /en/404.html 404", "/en/x", "404 /en/404.html"},
	} {
		s, problems := Parse([]byte(x.file), nil, Options{})
		if got := ask(s, x.target, false); got != x.want || len(problems) > 0 {
			t.Errorf("%q, %s: %q, want %q; %v", x.file, x.target, got, x.want, problems)
		}
	}
}

// TestForced: only the first line that holds counts.
// TestAnswerAgain: what an answer has of an earlier request does not count.
func TestAnswerAgain(t *testing.T) {
	s, problems := Parse([]byte("/a/* /b/:splat\n/c/:id /d/:id\n/e id=:id /f/:id"), nil, Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var a Answer
	for _, x := range []struct{ target, want string }{
		{"/a/x/", "b/x/"}, {"/c/7", "d/7"}, {"/a/x/", "b/x/"}, {"/e?id=7", "f/7"},
	} {
		if !s.Answer(request(x.target), false, &a) || string(a.Location) != x.want {
			t.Errorf("%s: %s", x.target, a.Location)
		}
	}
}

func TestForced(t *testing.T) {
	s, _ := Parse([]byte("/a/b /x\n/a/* /y 302!\n/c /z"), nil, Options{})
	for target, want := range map[string]string{"/a/b": "", "/a/c": "302 /y", "/c": "", "/d": ""} {
		if got := ask(s, target, true); got != want || !s.HasForced() {
			t.Errorf("%s: %q", target, got)
		}
	}
	var none *Site
	if none.HasForced() || ask(none, "/a", true) != "" || none.Redirects() != 0 || none.Blocks() != 0 {
		t.Error("no site has rules")
	}
}

func TestRedirectProblems(t *testing.T) {
	for line, want := range map[string]string{
		"/a":                               "there is no target",
		"/a # b":                           "there is no target",
		"/a b":                             `"b" is no target`,
		"/a b=c":                           "must begin with /",
		"/a //b.example/":                  "two slashes",
		`/a /\b.example/`:                  "two slashes",
		"/a /b 999":                        "999 is no status",
		"/a /b abc":                        "abc is no status",
		"/a 301":                           "needs a target",
		"/a 200":                           "200 needs a target",
		"/a https://b.example/ 200":        "nothing is fetched",
		"/a https://b.example/ 404":        "nothing is fetched",
		"/ /de 302 Country=de":             "conditions such as Country=de",
		"/ /de Language=de":                "conditions such as Language=de",
		"/a/*/b/* /c":                      "at most one *",
		"/a?x=1 /b":                        "write parameters as key=value",
		"/a#x /b":                          "a path has no #",
		"/a /../b":                         ". or ..",
		"/a /x/%2e%2e/b":                   ". or ..",
		"/a/../b /c":                       `no name ".."`,
		"/a//b /c":                         `no name ""`,
		"/a%2fb /c":                        "escaped slash",
		"/a%zz /c":                         "two digits",
		"/a /b%zz":                         "two digits",
		"/a /b%00":                         "NUL",
		"/a https://:x.example/":           "is no host",
		"/:x https://b.example:x/":         "is no host",
		"/:x https://:x/":                  "is no host",
		"/a https://u@b.example/":          "is no host",
		"/a https://":                      "is no host",
		"https://a.example:80/ /b":         "without a port",
		"https://*.example/ /b":            "without a port",
		"/a/:x* /b":                        "can't be one name",
		"/a /b\x01":                        "control character",
		"/a /" + strings.Repeat("b", 2000): "longer than 2000 bytes",
		"/:a/:b/:c/:d/:e/:f/:g/:h/:i /x":   "more than 8 placeholders",
	} {
		s, problems := Parse([]byte("/before /x\n"+line+"\n/after /y"), nil, Options{})
		if len(problems) != 1 || problems[0].Line != 2 || problems[0].File != RedirectsFile ||
			!strings.Contains(problems[0].Why, want) {
			t.Errorf("%s: %v", line, problems)
		}
		if ask(s, "/after", false) != "301 /y" {
			t.Errorf("%s: the line after it is not used", line)
		}
	}
}

func TestLimits(t *testing.T) {
	many := func(format string, n int) []byte {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return []byte(b.String())
	}
	for _, x := range []struct {
		redirects, headers []byte
		used               int
	}{
		{many("/a%d /b\n", maxStatic+1), nil, maxStatic},
		{many("/a%d/* /b\n", maxDynamic+1), nil, maxDynamic},
		{nil, many("/a%d\n A: b\n", maxHeaders+1), maxHeaders},
		{make([]byte, MaxFile+1), nil, 0},
		{[]byte("/a /b\n/a /c"), nil, 1},
		{[]byte("bad\n" + strings.Repeat("bad\n", 30)), nil, 0},
	} {
		s, problems := Parse(x.redirects, x.headers, Options{})
		if got := s.Redirects() + s.Blocks(); got != x.used || len(problems) == 0 ||
			len(problems) > maxProblems+1 {
			t.Errorf("%d used, want %d: %v", got, x.used, problems)
		}
	}
}
