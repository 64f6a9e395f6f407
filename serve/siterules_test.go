package serve_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
)

// ruled is a site with rules.
func ruled() files {
	return files{
		"_redirects": `# rules of a site
/old /new.html 302
/moved/* /docs/:splat 301
/away/* https://else.example/x/:splat
/store id=:id /item/:id
/new.html /never.html
/forced.txt /new.html 307!
/past /gone.html 410
/dead 410
/lost/* /gone.html 404
/app/* /app/index.html 200
/bare/ /new.html 303
/nowhere /none.html 200
/ /de 302 Country=de
/gone /gone.html 410
/about /gone.html 410
`,
		"_headers": `/*
  X-Frame-Options: DENY
  Cache-Control: max-age=60
/app/*
  ! Cache-Control
  X-App: :splat
/new.html
  Content-Type: text/x-new
  Set-Cookie: a=b
  ETag: "mine"
`,
		"new.html": "<!doctype html>new" + words(300), "gone.html": "<!doctype html>gone",
		"app/index.html": "<!doctype html>app", "docs/a.html": "<!doctype html>a",
		"forced.txt": "never sent", "bare/x.txt": "x", "about.html": "about",
	}
}

// answer is what a test of rules looks at.
type answer struct {
	status         int
	location, body string
}

// request sends a request for a target, which begins with a slash.
func (c *client) request(
	t *testing.T, method, target string, header ...string,
) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, c.base+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		if name, value, ok := strings.Cut(h, ": "); ok {
			req.Header.Set(name, value)
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// TestSiteRules asks a site with rules in each way, at the root and below a path.
func TestSiteRules(t *testing.T) {
	dir := t.TempDir()
	archive := ruled().pack(t, filepath.Join(dir, "a.tar.gz"))
	first, _ := ruled().packShards(t, filepath.Join(dir, "s.tar.gz"), 3)
	tree, nest := filepath.Join(dir, "tree"), filepath.Join(dir, "nest")
	ruled().write(t, tree)
	files{"x": "x"}.write(t, filepath.Join(nest, "sub"))
	replace(t, ruled().pack(t, filepath.Join(dir, "n.tar.gz")), filepath.Join(nest, "sub/pack.tar.gz"))
	at := func(path, mount string) serve.Options {
		return serve.Options{Archives: []serve.Archive{{Path: path, Mount: mount}}, Listing: true}
	}
	for _, c := range clients(t, at(archive, "")) {
		t.Run(c.name, func(t *testing.T) { testRules(t, c, "") })
	}
	for name, x := range map[string]struct {
		options serve.Options
		root    string
	}{
		"mount":     {at(archive, "/m/n"), "/m/n"},
		"shards":    {at(first, "/m"), "/m"},
		"directory": {at(tree, "/m"), "/m"},
		"fallback":  {serve.Options{Fallback: tree, Listing: true}, ""},
		"nested":    {serve.Options{Fallback: nest, Nested: true, Listing: true}, "/sub"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, x.options)
			testRules(t, newClient(name, "http://"+r.addresses[0], &http.Transport{}), x.root)
		})
	}
}

// testRules checks the rules of ruled, which is served below root.
func testRules(t *testing.T, c *client, root string) {
	for target, want := range map[string]answer{
		"/old":                  {302, "/new.html", ""},
		"/old/?a=%20b":          {302, "/new.html?a=%20b", ""},
		"/moved/a/b%20c":        {301, "/docs/a/b%20c", ""},
		"/moved//x.example/%5c": {301, "/docs/x.example/%5C", ""},
		"/away/a?b":             {301, "https://else.example/x/a?b", ""},
		"/store?id=7&x=y":       {301, "/item/7", ""},
		"/store":                {404, "", ""},
		"/new.html":             {200, "", "new"},
		"/forced.txt":           {307, "/new.html", ""},
		"/past":                 {410, "", "gone"},
		"/gone":                 {410, "", "gone"}, // not the page itself
		"/gone.html":            {200, "", "gone"},
		"/dead":                 {410, "", "410 Gone\n"},
		"/lost/x":               {404, "", "gone"},
		"/app/a/b":              {200, "", "app"},
		"/app/":                 {200, "", "app"},
		"/bare/":                {303, "/new.html", ""},
		"/bare/?list":           {200, "", "x.txt"},
		"/bare":                 {303, "/new.html", ""},
		"/bare/x.txt":           {200, "", "x"},
		"/about":                {200, "", "about"},
		"/nowhere":              {404, "", ""},
		"/_headers":             {404, "", ""},
		"/_redirects":           {404, "", ""},
		"/none":                 {404, "", ""},
	} {
		resp, body := c.request(t, "GET", root+target)
		location := resp.Header.Get("Location")
		if want.location != "" && want.location[0] == '/' {
			want.location = root + want.location
			if u, err := resp.Location(); err == nil {
				location = u.RequestURI()
			}
		}
		if resp.StatusCode != want.status || location != want.location ||
			!strings.Contains(body, want.body) {
			t.Errorf("%s: %s, to %q, %.50q", target, resp.Status, location, body)
		}
		head, none := c.request(t, "HEAD", root+target)
		if head.StatusCode != resp.StatusCode || none != "" {
			t.Errorf("HEAD %s: %s", target, head.Status)
		}
	}
	for _, x := range []struct {
		target, header, name, want string
		status                     int
	}{
		{"/new.html", "", "X-Frame-Options", "DENY", 200},
		{"/new.html", "", "Cache-Control", "max-age=60", 200},
		{"/new.html", "", "Content-Type", "text/x-new", 200},
		{"/new.html", "", "Set-Cookie", "", 200},
		{"/new.html", "Range: bytes=2-4", "X-Frame-Options", "DENY", 206},
		{"/new.html", "Range: bytes=2-4", "Content-Type", "text/x-new", 206},
		{"/new.html", "Range: bytes=2-4,9-10", "X-Frame-Options", "DENY", 206},
		{"/new.html", "Accept-Encoding: gzip", "X-Frame-Options", "DENY", 200},
		{"/new.html", "If-Modified-Since: " + siteDate, "X-Frame-Options", "DENY", 304},
		{"/new.html", "If-Modified-Since: " + siteDate, "Cache-Control", "max-age=60", 304},
		{"/new.html", "If-Modified-Since: " + siteDate, "Content-Type", "", 304},
		{"/new.html", "If-Match: \"x\"", "X-Frame-Options", "", 412},
		{"/app/a/b", "", "Cache-Control", "", 200},
		{"/app/a/b", "", "X-App", "a/b", 200},
		{"/past", "", "X-Frame-Options", "DENY", 410},
		{"/past", "", "Cache-Control", "", 410},
		{"/old", "", "X-Frame-Options", "", 302},
		{"/bare/?list", "", "X-Frame-Options", "", 200},
	} {
		resp, _ := c.request(t, "GET", root+x.target, x.header)
		if got := resp.Header.Get(x.name); got != x.want || resp.StatusCode != x.status {
			t.Errorf("%s, %s: %s, %s: %q", x.target, x.header, resp.Status, x.name, got)
		}
	}
	if resp, _ := c.request(t, "GET", root+"/new.html"); resp.Header.Get("ETag") == `"mine"` {
		t.Error("the site has set the ETag")
	}
	if resp, _ := c.request(t, "POST", root+"/new.html"); resp.StatusCode != 405 {
		t.Error("POST: ", resp.Status)
	}
}

// TestSiteRulesPost: a redirect holds for every method, other lines for GET and HEAD only.
func TestSiteRulesPost(t *testing.T) {
	site := ruled()
	site["_redirects"] += "/api/* https://api.example/:splat 307\n"
	archive := site.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	plain := files{"x": "x"}.pack(t, filepath.Join(t.TempDir(), "b.tar.gz"))
	r := start(t, serve.Options{Archives: []serve.Archive{
		{Path: archive}, {Path: plain, Mount: "/plain"}}})
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	defer c.CloseIdleConnections()
	for target, want := range map[string]answer{
		"/api/v1?q=2": {307, "https://api.example/v1?q=2", ""}, "/old": {302, "./new.html", ""},
		"/forced.txt": {307, "./new.html", ""}, "/new.html": {405, "", ""}, "/gone": {405, "", ""},
		"/past": {405, "", ""}, "/app/x": {405, "", ""}, "/none": {405, "", ""}, "/": {405, "", ""},
		"/about": {405, "", ""}, "/_redirects": {405, "", ""}, "/plain/y": {405, "", ""},
		"/api%2Fx": {405, "", ""}, "/%00": {405, "", ""},
	} {
		for _, method := range []string{"POST", "DELETE"} {
			req, err := http.NewRequest(method, "http://"+r.addresses[0]+target,
				strings.NewReader("body of a form"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			got := answer{resp.StatusCode, resp.Header.Get("Location"), ""}
			if got != want || (resp.Header.Get("Allow") == "") != (got.status == 307 || got.status == 302) {
				t.Errorf("%s %s: %v, Allow %q; want %v", method, target, got, resp.Header.Get("Allow"), want)
			}
		}
	}
}

// TestSiteRulesOperator: what the operator has set stays, and lines that are not used are in the
// log.
func TestSiteRulesOperator(t *testing.T) {
	archive := ruled().pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	o := serve.Options{Archives: []serve.Archive{{Path: archive}}, CacheControl: "max-age=1",
		Header: []serve.Field{{Name: "x-frame-options", Value: "SAMEORIGIN"}}}
	get := func(r *running, path string) (*http.Response, string) {
		c := newClient("", "http://"+r.addresses[0], &http.Transport{})
		return c.request(t, "GET", path)
	}
	r := start(t, o)
	resp, _ := get(r, "/new.html")
	if got := resp.Header["X-Frame-Options"]; len(got) != 1 || got[0] != "SAMEORIGIN" {
		t.Errorf("%q", got)
	}
	if got := resp.Header["Cache-Control"]; len(got) != 1 || got[0] != "max-age=60" {
		t.Errorf("%q", got)
	}
	for _, want := range []string{
		archive + ": _redirects:14: conditions such as Country=de are not supported",
		archive + ": _headers:9: Set-Cookie acts beyond this site: it is for trusted sites only",
		archive + ": _headers:10: ETag is set by the server itself",
	} {
		if strings.Count(r.log.String(), want) != 1 {
			t.Errorf("not in the log: %s\n%s", want, r.log)
		}
	}
	o.TrustSiteConfig = true
	if resp, _ := get(start(t, o), "/new.html"); resp.Header.Get("Set-Cookie") != "a=b" {
		t.Errorf("%q", resp.Header)
	}
	o.NoSiteConfig = true
	r = start(t, o)
	if resp, body := get(r, "/_redirects"); resp.StatusCode != 200 || !strings.Contains(body, "/old") {
		t.Error(resp.Status)
	}
	if resp, _ := get(r, "/old"); resp.StatusCode != 404 || resp.Header.Get("Cache-Control") != "" {
		t.Error(resp.Status)
	}
	if r.log.String() != "" {
		t.Error(r.log)
	}
	o = serve.Options{Archives: []serve.Archive{{Path: files{"a": "a",
		"_headers": "/a\n Access-Control-Allow-Origin: *\n Vary: X-A\n"}.pack(t,
		filepath.Join(t.TempDir(), "b.tar.gz"))}}}
	if resp, _ := get(start(t, o), "/a"); resp.Header.Get("Access-Control-Allow-Origin") != "*" ||
		len(resp.Header["Vary"]) != 2 {
		t.Errorf("%q", resp.Header)
	}
	o.CORS = []string{"https://a.example"}
	if resp, _ := get(start(t, o), "/a"); resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%q", resp.Header)
	}
}

// TestSiteRulesPrefix: a handler in front may move the site.
func TestSiteRulesPrefix(t *testing.T) {
	archive := ruled().pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	s, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: archive, Mount: "/m"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/a/b", s.Handler()))
	defer server.Close()
	c := newClient("", server.URL, &http.Transport{})
	resp, _ := c.request(t, "GET", "/a/b/m/moved/x/y")
	if u, err := resp.Location(); err != nil || u.Path != "/a/b/m/docs/x/y" {
		t.Errorf("%v, %v", u, err)
	}
}

// TestSiteRulesFollow: rules are those of the generation that is served.
func TestSiteRulesFollow(t *testing.T) {
	dir := t.TempDir()
	version := func(to string) files {
		return files{"_redirects": "/a /" + to, "_headers": "/*\n X-To: " + to, "b": to}
	}
	name := version("one").pack(t, filepath.Join(dir, "a.tar.gz"))
	tree := filepath.Join(dir, "tree")
	version("one").write(t, tree)
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}, {Path: tree, Mount: "/t"}}},
		serve.RunOptions{Watch: true})
	c := newClient("", "http://"+r.addresses[0], &http.Transport{})
	is := func(root, want string) func() bool {
		return func() bool {
			resp, body := c.request(t, "GET", root+"/b")
			if root == "" && resp.Header.Get("X-To") != body {
				t.Errorf("%q with the rules of %q", body, resp.Header.Get("X-To"))
			}
			moved, _ := c.request(t, "GET", root+"/a")
			u, err := moved.Location()
			return resp.Header.Get("X-To") == want && err == nil && u.Path == root+"/"+want
		}
	}
	for _, root := range []string{"", "/t"} {
		if !is(root, "one")() {
			t.Error("the first version is not served")
		}
	}
	replace(t, version("two").pack(t, filepath.Join(dir, "b.tar.gz")), name)
	version("longer").write(t, filepath.Join(dir, "next"))
	for _, file := range []string{"_redirects", "_headers", "b"} {
		err := os.Rename(filepath.Join(dir, "next", file), filepath.Join(tree, file))
		if err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "rules of the new archive", is("", "two"))
	eventually(t, "rules of the directory's new files", is("/t", "longer"))
	for _, file := range []string{"_redirects", "_headers"} {
		if err := os.Remove(filepath.Join(tree, file)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "no rules without the files", func() bool {
		resp, _ := c.request(t, "GET", "/t/a")
		return resp.StatusCode == 404
	})
}

// TestSiteRulesRemote: an archive on a server has rules, too.
func TestSiteRulesRemote(t *testing.T) {
	s := newStorage(t)
	s.put(t, ruled())
	a := s.archive(nil)
	a.Mount = "/m"
	r := start(t, serve.Options{Archives: []serve.Archive{a}, Listing: true})
	testRules(t, newClient("", "http://"+r.addresses[0], &http.Transport{}), "/m")
}

// TestSiteRulesDamaged: an archive whose rules are damaged is not served without them.
func TestSiteRulesDamaged(t *testing.T) {
	fs := files{"_headers": "/*\n X-A: " + strings.Repeat("b", 900), "b": "b"}
	name := fs.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	a, err := tarpack.Open(context.Background(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	i, _, err := a.Index().Lookup("_headers")
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.Index().Entry(i)
	if err = errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0xff, 0xff}, e.Offset+int64(e.HeaderLen)+12); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	before := time.Now().Add(-time.Hour) // its index is newer
	if err := os.Chtimes(name, before, before); err != nil {
		t.Fatal(err)
	}
	s, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: name}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Load(context.Background()); err == nil || !strings.Contains(err.Error(), "_headers") {
		t.Error(err)
	}
}

// TestFieldsElsewhere: a rule of one site leads to a file of another one. The fields are those that
// the other site has for the file's path, in its own paths.
func TestFieldsElsewhere(t *testing.T) {
	dir := t.TempDir()
	outer := files{"index.html": "outer",
		"_redirects": "/x /mm/page 200\n/long/path /mm/page 200\n/folder/ /mm/ 200\n"}
	inner := files{"page.html": "inner", "index.html": "index", "_headers": "/page.html\n" +
		"  X-Page: 1\n/\n  X-Root: 1\n/x\n  X-Wrong: 1\n/ng/path\n  X-Wrong: 1\n" +
		"/index.html\n  X-Index: 1\n" +
		"/page\n  X-Clean: 1\n/older/\n  X-Wrong: 1\n"}
	all := clients(t, serve.Options{Archives: []serve.Archive{
		{Path: outer.pack(t, filepath.Join(dir, "outer.tar.gz"))},
		{Path: inner.pack(t, filepath.Join(dir, "inner.tar.gz")), Mount: "/mm"}}})
	for _, c := range all {
		for target, want := range map[string]string{"/x": "Page", "/long/path": "Page",
			"/folder/": "Index", "/mm/page.html": "Page", "/mm/page": "Clean", "/mm/": "Root"} {
			resp, _ := c.do(t, "GET", target)
			got := ""
			for _, name := range []string{"Page", "Root", "Wrong", "Index", "Clean"} {
				if resp.Header.Get("X-"+name) != "" {
					got += name
				}
			}
			if resp.StatusCode != 200 || got != want {
				t.Errorf("%s: %s: %d, %q, want %q", c.name, target, resp.StatusCode, got, want)
			}
		}
	}
}
