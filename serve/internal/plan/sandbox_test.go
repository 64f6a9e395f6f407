package plan

import (
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve/internal/siterules"
)

// TestSandbox: documents of the paths that are named are sandboxed, whatever the site's own policy
// is. tpk's pages are not.
func TestSandbox(t *testing.T) {
	tree := site()
	tree.nodes["dir/a.pdf"] = tree.nodes["a.html"]
	tree.nodes["404.html"] = tree.nodes["a.html"]
	rules, _ := siterules.Parse(nil, []byte("/*\n Content-Security-Policy: sandbox allow-same-origin"),
		siterules.Options{})
	for _, x := range []struct {
		sandbox, target, header string
		want                    bool
	}{
		{"/dir", "/dir/", "", true},
		{"/dir/", "/dir/index.html", "", true},
		{"/dir", "/dir/index.html", "Range: bytes=0-1", true},
		{"/dir", "/dir/index.html", "If-None-Match: *", true},
		{"/dir", "/dir/none", "", true}, // 404.html
		{"/dir", "/dir/a.pdf", "", false},
		{"/dir", "/dir/a.pdf", "If-None-Match: *", false},
		{"/dir", "/dir/?list", "", false},
		{"/dir", "/a.html", "", false},
		{"/di", "/dir/", "", false},
		{"/", "/a.html", "", true},
		{"/", "/", "", true},
	} {
		for _, tree.rules = range []*siterules.Site{nil, rules} {
			pl, err := New(Options{Sandbox: []string{x.sandbox}, Listing: true})
			if err != nil {
				t.Fatal(err)
			}
			var headers []string
			if x.header != "" {
				headers = append(headers, x.header)
			}
			p := ask(t, pl, tree, "GET", x.target, headers...)
			got := strings.Contains(string(p.AppendFields(nil)), "\r\n"+sandbox)
			if got != x.want {
				t.Errorf("--sandbox %s, %s, %s: %v", x.sandbox, x.target, x.header, got)
			}
		}
	}
	for _, bad := range []string{"", "dir", "/a//b"} {
		if _, err := New(Options{Sandbox: []string{bad}}); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// TestSandboxElsewhere: documents are sandboxed at other paths, too, if a rule or a symbolic link
// of another site leads to them.
func TestSandboxElsewhere(t *testing.T) {
	tree := site()
	tree.nodes["link"] = Node{Kind: Link, Name: "dir/index.html"}
	tree.nodes["linked"] = Node{Kind: File, Name: "dir/index.html"} // the file system has followed it
	tree.rules, _ = siterules.Parse([]byte("/to/* /:splat 200\n/gone/* /:splat 410"), nil,
		siterules.Options{})
	pl, err := New(Options{Sandbox: []string{"/dir"}})
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]bool{
		"/to/dir/index.html": true, "/to/dir/": true, "/to/a.html": false,
		"/gone/dir/index.html": true, "/gone/a.html": false, "/link": true, "/linked": true,
	} {
		p := ask(t, pl, tree, "GET", target)
		if got := header(p, "Content-Security-Policy") != ""; got != want || p.Status == 404 {
			t.Errorf("%s: %d, %v", target, p.Status, got)
		}
	}
}

// TestAccess: a client without a password gets nothing of a site, and no shared cache keeps what
// others get.
func TestAccess(t *testing.T) {
	pl, err := New(Options{CacheControl: "public, max-age=60, s-maxage=9",
		Immutable: []string{"*.css"}})
	if err != nil {
		t.Fatal(err)
	}
	tree := site()
	tree.rules, _ = siterules.Parse([]byte("/old /new 301!"),
		[]byte("/noext\n Cache-Control: PUBLIC ,no-cache\n CDN-Cache-Control: max-age=9\n X-A: b"),
		siterules.Options{})
	for _, x := range []struct {
		method, target string
		access         Access
		status         int
		cache          string
	}{
		{"GET", "/a.html", Denied, 401, ""},
		{"HEAD", "/a.html", Denied, 401, ""},
		{"GET", "/none", Denied, 401, ""},
		{"GET", "/old", Denied, 401, ""},
		{"GET", "/?list", Denied, 401, ""},
		{"POST", "/a.html", Denied, 401, ""},
		{"OPTIONS", "/a.html", Denied, 204, ""},
		{"GET", "/a.html", Private, 200, "private, max-age=60"},
		{"GET", "/b.css", Private, 200, "private, max-age=31536000, immutable"},
		{"GET", "/noext", Private, 200, "private, no-cache"},
		{"GET", "/none", Private, 404, "private"},
		{"GET", "/a.html", Public, 200, "public, max-age=60, s-maxage=9"},
	} {
		var p Plan
		r := Request{Method: x.method, Target: x.target, Access: x.access}
		if err := pl.Plan(&r, tree, &p); err != nil {
			t.Fatal(err)
		}
		asks := header(&p, "WWW-Authenticate") != ""
		if p.Status != x.status || asks != (x.status == 401) ||
			header(&p, "Cache-Control") != x.cache || header(&p, "CDN-Cache-Control") != "" {
			t.Errorf("%+v: %d, %s", x, p.Status, p.AppendFields(nil))
		}
	}
}
