package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/tarpack/symlink"
)

func TestNotFoundPage(t *testing.T) {
	tree := site()
	tree.nodes["404.html"] = file(500, 200, Deflate)
	pl := planner(t, Options{CacheControl: "max-age=60"})
	for _, target := range []string{"/nothing", "/.git/config", "/bare/", "/x%2fy"} {
		p := ask(t, pl, tree, "GET", target, "Accept-Encoding: gzip", "If-None-Match: *",
			"Range: bytes=0-1")
		if p.Status != 404 || p.Length != 200 ||
			header(p, "ETag")+header(p, "Last-Modified")+header(p, "Cache-Control")+header(p,
				"Accept-Ranges") != "" ||
			header(p, "Content-Encoding") != "gzip" ||
			header(p, "Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d\n%s", target, p.Status, p.AppendFields(nil))
		}
	}
	if p := ask(t, pl, tree, "GET", "/404.html"); p.Status != 200 {
		t.Error("asked for itself:", p.Status)
	}
}

func TestSPA(t *testing.T) {
	pl := planner(t, Options{SPA: true})
	for target, status := range map[string]int{"/app/route": 200, "/app/route/": 200,
		"/v1.2/x": 200, "/app.js": 404, "/.git/x": 404, "/%00": 400, "/a.html": 200} {
		if p := ask(t, pl, site(), "GET", target); p.Status != status {
			t.Errorf("%s: %d", target, p.Status)
		}
	}
}

func TestHide(t *testing.T) {
	for _, c := range []struct {
		globs  []string
		target string
		status int
	}{
		{[]string{}, "/.git/config", 200},
		{[]string{"*.css"}, "/b.css", 404},
		{[]string{"*.css"}, "/.git/config", 200},
		{[]string{"dir"}, "/dir/index.html", 404},
		{[]string{"/dir/**"}, "/dir/index.html", 404},
		{[]string{"bare/*.js"}, "/bare/x.js", 404},
		{[]string{"*/x.html"}, "/a.html", 200},
		// The rules of exclude.Patterns.
		{[]string{"dir/"}, "/dir/index.html", 404},
		{[]string{"dir/"}, "/dir/", 404},
		{[]string{"dir/"}, "/dir", 404},
		{[]string{"dir/"}, "/dir/?list", 404},
		{[]string{"dir/"}, "/dir/?list&download=zip", 404},
		{[]string{"dir/"}, "//dir", 404},
		{[]string{"/dir/"}, "/dir/", 404},
		{[]string{"./dir"}, "/dir/index.html", 404},
		{[]string{"./dir"}, "/dir", 404},
		{[]string{"a.html/"}, "/a.html", 200},
		{[]string{"x.js/"}, "/bare/x.js", 200},
		{[]string{"bare//x.js"}, "/bare/x.js", 404},
	} {
		if p := ask(t, planner(t, Options{Hide: c.globs, Listing: true}), site(), "GET",
			c.target); p.Status != c.status {
			t.Errorf("%q %s: %d", c.globs, c.target, p.Status)
		}
	}
}

// TestHideMore: globs that are hidden besides the default, or besides a list. A page that a path
// stands for is hidden by its own name.
func TestHideMore(t *testing.T) {
	for _, c := range []struct {
		hide, more []string
		target     string
		status     int
	}{
		{nil, []string{"*.css"}, "/b.css", 404},
		{nil, []string{"*.css"}, "/.git/config", 404},
		{nil, []string{"*.css"}, "/.well-known/x.txt", 200},
		{nil, []string{"*.css"}, "/a.html", 200},
		{[]string{}, []string{"*.css"}, "/.git/config", 200},
		{[]string{"a.html"}, []string{"*.css"}, "/a.html", 404},
		{nil, []string{"a.html"}, "/a", 404},
		{nil, []string{"index.html"}, "/dir/", 404},
		{nil, []string{"index.html"}, "/dir", 404},
	} {
		p := ask(t, planner(t, Options{Hide: c.hide, HideMore: c.more}), site(), "GET", c.target)
		if p.Status != c.status {
			t.Errorf("%q %q %s: %d", c.hide, c.more, c.target, p.Status)
		}
	}
}

// What is hidden is hidden from links, too.
func TestHideLinks(t *testing.T) {
	tree := site()
	for path, target := range map[string]string{"git": ".git", "config": ".git/config",
		"deep": "git", "back": ".git/../a.html"} {
		tree.nodes[path] = Node{Kind: Link, Name: target}
	}
	for target, status := range map[string]int{
		"/git/config": 404, "/config": 404, "/deep/config": 404, "/git": 404, "/git/": 404, "/back": 200,
	} {
		for _, tree.direct = range []bool{false, true} {
			if p := ask(t, planner(t, Options{}), tree, "GET", target); p.Status != status {
				t.Errorf("%s: %d, want %d", target, p.Status, status)
			}
			if p := ask(t, planner(t, Options{Hide: []string{}}), tree, "GET",
				target); p.Status == 404 && target != "/git/" && target != "/git" {
				t.Errorf("%s, nothing hidden: %d", target, p.Status)
			}
		}
	}
}

// A link without an extension has the media type of what it leads to.
func TestLinkTypes(t *testing.T) {
	tree := site()
	for path, target := range map[string]string{"page": "a.html", "style.txt": "b.css",
		"zipped": "x.tgz"} {
		tree.nodes[path] = Node{Kind: Link, Name: target}
	}
	for target, want := range map[string]string{"/page": "text/html; charset=utf-8",
		"/style.txt": "text/plain; charset=utf-8", "/zipped": gzipType} {
		if p := ask(t, planner(t, Options{}), tree, "GET", target); p.Type != want {
			t.Errorf("%s: %q, want %q", target, p.Type, want)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for _, o := range []Options{
		{Hide: []string{"[a"}}, {Hide: []string{""}}, {Immutable: []string{"{"}},
		{Gzipped: []string{""}}, {Identity: []string{"[a"}},
		{CORS: []string{""}}, {CORS: []string{"a\r\nb"}}, {CORS: []string{"foo bar"}},
		{CORS: []string{"example.org"}}, {CORS: []string{"https://A.org"}},
		{CORS: []string{"https://a:"}}, {CORS: []string{"https://a/"}},
		{CORS: []string{"*", "https://u@a"}},
		{Header: []Field{{"Content-Length", "1"}}}, {Header: []Field{{"X-A",
			"a\r\nX-B: c"}}}, {Header: []Field{{"X A", "b"}}}, {Header: []Field{{"", "b"}}},
		{CacheControl: "a\nb"},
	} {
		if _, err := New(o); !errors.Is(err, ErrOption) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestBadTypes: an extension is the end of a file's name, and a type has the form of RFC 6838 §4.2.
func TestBadTypes(t *testing.T) {
	for _, ext := range []string{
		"", ".", "*", ".*", "*.md", "?", "[a]", "{md,txt}", "a/b", "/md", "md/", `a\b`, "a b",
		" md", "md\t",
		"..", "..md", "md.", "a\x00", "a\nb", "\xff",
	} {
		_, err := New(Options{Types: map[string]string{ext: "text/plain"}})
		if !errors.Is(err, ErrOption) {
			t.Errorf("extension %q: %v", ext, err)
		}
	}
	for _, name := range []string{
		"", " ", "text", "text/", "/plain", "/", "text/*", "*/*", "text/plain/x", "text plain",
		"text/pl ain",
		"text/plain; charset", "text/plain, text/html", " text/plain", "text/plain ", "text\\plain",
		"text/plain\r\nX: y", "te\xffxt/plain", "-a/b", "a/.b", "a/" + strings.Repeat("b", 128),
	} {
		if _, err := New(Options{Types: map[string]string{"md": name}}); !errors.Is(err, ErrOption) {
			t.Errorf("type %q: %v", name, err)
		}
	}
	twice := map[string]string{"md": "text/plain", ".MD": "text/markdown"}
	if _, err := New(Options{Types: twice}); !errors.Is(err, ErrOption) {
		t.Errorf("two types for one extension: %v", err)
	}
	for ext, name := range map[string]string{
		"md": "text/plain", ".d.ts": "text/plain; charset=utf-8", "C++": "text/x-c++", "日本": "a/b",
		"7z": "application/x-7z-compressed", "tile.pbf": "application/vnd.mapbox-vector-tile", "~": "a/b",
		"x": `text/plain; a="b c"`, "svg": "image/svg+xml", "n-n_n": "application/a!#$&-^_.+b",
	} {
		if _, err := New(Options{Types: map[string]string{ext: name}}); err != nil {
			t.Error(err)
		}
	}
}

func TestLinks(t *testing.T) {
	tree := site()
	for path, target := range map[string]string{
		"l": "a.html", "ldir": "dir", "dir/up": "../a.html", "dir/out": "../../etc/passwd",
		"abs": "/a.html", "loop": "loop2", "loop2": "loop",
		"dir/l2": "../ldir/up", "dot": ".", "gone": "nothing", "chain": "l", "tofile": "a.html/x",
		"m/out": "../a.html", "m/in": "./x/../f.txt", "m/x/d": "..",
	} {
		tree.nodes[path] = Node{Kind: Link, Name: target}
	}
	tree.nodes["m"], tree.nodes["m/x"] = Node{Kind: Dir}, Node{Kind: Dir}
	tree.nodes["m/f.txt"], tree.root = file(1, 30, Deflate), "m"
	for target, status := range map[string]int{
		"/l": 200, "/chain": 200, "/ldir/": 200, "/ldir": 301, "/ldir/index.html": 200,
		"/dir/up": 200, "/dir/l2": 200, "/dir/out": 404, "/abs": 404,
		"/loop": 404, "/loop/x": 404, "/dot/a.html": 200, "/dot/dot/dot/ldir/up": 200, "/gone": 404,
		"/tofile": 404, "/l/x": 404,
		"/m/out": 404, "/m/in": 200, "/m/x/d/f.txt": 200, "/dot/": 200,
	} {
		for _, tree.direct = range []bool{false, true} {
			if p := ask(t, planner(t, Options{}), tree, "GET", target); p.Status != status {
				t.Errorf("%s, direct %v: %d, want %d", target, tree.direct, p.Status, status)
			}
		}
	}
}

func TestLinkBomb(t *testing.T) {
	// Each of sixteen links names the next one many times. So the steps are counted, not only the
	// links.
	tree := &fakeTree{nodes: map[string]Node{"d": {Kind: Dir}}}
	for i := range 20 {
		tree.nodes[string(rune('a'+i))+"x"] = Node{Kind: Link,
			Name: strings.Repeat("d/../", 3000) + string(rune('b'+i)) + "x"}
	}
	for _, tree.direct = range []bool{false, true} {
		tree.lookups = 0
		p := ask(t, planner(t, Options{}), tree, "GET", "/ax")
		if p.Status != 404 || tree.lookups > 3*symlink.MaxNames {
			t.Errorf("%d after %d lookups", p.Status, tree.lookups)
		}
	}
}

func TestPreflight(t *testing.T) {
	pl := planner(t, Options{CORS: []string{"https://a.example"}})
	p := ask(t, pl, site(), "OPTIONS", "/a.html", "Origin: https://a.example",
		"Access-Control-Request-Method: GET")
	if p.Status != 204 || header(p, "Access-Control-Allow-Methods") != "GET, HEAD, OPTIONS" ||
		!strings.Contains(header(p, "Access-Control-Allow-Headers"), "Range") {
		t.Errorf("%d\n%s", p.Status, p.AppendFields(nil))
	}
	// The fields of the nginx example of enable-cors.org, and Authorization, which "*" leaves out.
	allowed := strings.Split(header(p, "Access-Control-Allow-Headers"), ", ")
	for _, name := range strings.Split("DNT,User-Agent,X-Requested-With,If-Modified-Since,"+
		"Cache-Control,Content-Type,Range,Authorization", ",") {
		any := name != "Authorization" && slices.Contains(allowed, "*")
		if !any && !slices.Contains(allowed, name) {
			t.Errorf("%s is not allowed: %q", name, allowed)
		}
	}
}

func TestDate(t *testing.T) {
	for _, sec := range []int64{0, 1, 86399, 86400, 951782399, 951782400, modTime, 4102444800,
		32503680000, maxTime} {
		want := time.Unix(sec, 0).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
		if got := string(AppendTime(nil, sec)); got != want {
			t.Errorf("%d: %s, want %s", sec, got, want)
		}
	}
	for day := int64(0); day < 60000; day++ {
		want := time.Unix(day*86400, 0).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
		if got := string(AppendTime(nil, day*86400)); got != want {
			t.Fatalf("day %d: %s, want %s", day, got, want)
		}
	}
}

func TestDisposition(t *testing.T) {
	for name, want := range map[string]string{
		"a b.tar.gz":  `attachment; filename="a b.tar.gz"`,
		"ü\"\r\n.tpi": `attachment; filename="_____.tpi"; filename*=UTF-8''%C3%BC%22__.tpi`,
	} {
		if got := string(appendDisposition(nil, name)); got != "Content-Disposition: "+want+"\r\n" {
			t.Errorf("%q: %s", name, got)
		}
	}
}

func TestPlanAllocates(t *testing.T) {
	pl, tree, p := planner(t, Options{}), site(), new(Plan)
	for _, target := range []string{"/a.html", "/b.css", "/dir/", "/a"} {
		r := Request{Method: "GET", Target: target, AcceptEncoding: "gzip, deflate, br",
			HasAcceptEncoding: true, Now: modTime}
		var head []byte
		if n := testing.AllocsPerRun(100, func() {
			if pl.Plan(&r, tree, p) != nil || p.Status != 200 {
				t.Fatal(p.Status)
			}
			head = p.AppendFields(head[:0])
		}); n != 0 {
			t.Errorf("%s: %v allocations", target, n)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	pl, tree, p := planner(b, Options{}), site(), new(Plan)
	r := Request{Method: "GET", Target: "/a.html", AcceptEncoding: "gzip", HasAcceptEncoding: true,
		Now: modTime}
	var head []byte
	for b.Loop() {
		if pl.Plan(&r, tree, p) != nil {
			b.Fatal()
		}
		head = p.AppendFields(head[:0])
	}
}
