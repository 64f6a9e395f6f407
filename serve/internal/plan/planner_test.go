package plan

import (
	"compress/gzip"
	"io"
	"net/url"
	"strings"
	"testing"
)

const (
	tagPlain = `"0123456789abcdef"`
	tagGzip  = `"0123456789abcdef-gz"`
	dateThen = "Tue, 14 Nov 2023 22:13:20 GMT"
	dateOld  = "Tue, 14 Nov 2023 22:13:19 GMT"
	dateNew  = "Tue, 14 Nov 2023 22:13:21 GMT"
)

func TestPaths(t *testing.T) {
	pl := planner(t, Options{})
	for _, c := range []struct {
		target   string
		status   int
		location string
	}{
		{"/", 200, ""},
		{"/?x=1", 200, ""},
		{"/a.html", 200, ""},
		{"/a", 200, ""},
		{"/a/", 301, "../a"},
		{"/a?q=1/2", 200, ""},
		{"/dir", 301, "./dir/"},
		{"/dir?a=b&c=%20", 301, "./dir/?a=b&c=%20"},
		{"/dir?x=<\"\\'", 301, "./dir/?x=%3C%22%5C'"},
		{"/dir/", 200, ""},
		{"/dir/index.html", 200, ""},
		{"/a:b", 301, "./a%3Ab/"},
		{"/bare", 404, ""},
		{"/bare/", 404, ""},
		{"/both", 200, ""},
		{"/both/", 404, ""},
		{"/dev", 404, ""},
		{"/a.html/", 404, ""},
		{"/nothing", 404, ""},
		{"/nothing/", 404, ""},
		{"/a%20b%25.txt", 200, ""},
		{"/%C3%BC.txt", 200, ""},
		{"/\xc3\xbc.txt", 200, ""},
		{"/back%5Cslash", 200, ""},
		{"/back\\slash", 200, ""},
		{"/%61.html", 200, ""},
		{"/%2561.html", 404, ""}, // undone once, not twice
		{"http://example.com/a.html", 200, ""},
		{"HTTPS://example.com", 200, ""},
		{"http://example.com?x", 200, ""},
		{"http:///a.html", 400, ""},
		{"ftp://x/a.html", 400, ""},
		{"a.html", 400, ""},
		{"", 400, ""},
		{"*", 400, ""},
		{"/..", 400, ""},
		{"/../etc/passwd", 400, ""},
		{"/dir/../a.html", 200, ""}, // apt sends dot segments
		{"/dir/./index.html", 200, ""},
		{"/./dir/././index.html", 200, ""},
		{"/nothing/deep/../../dir/index.html", 200, ""},
		{"/nothing/../../a.html", 400, ""},
		{"/./../a.html", 400, ""},
		{"/dir/.", 200, ""},
		{"/dir/./", 200, ""},
		{"/./dir", 301, "./dir/"},
		{"/a/./", 301, "../a"},
		{"/dir/..", 200, ""}, // these are the answers of nginx 1.22
		{"/dir/..?q", 200, ""},
		{"/dir/x/..", 200, ""},
		{"/dir/x/../", 200, ""},
		{"/nothing/..", 200, ""},
		{"/a.html/..", 200, ""},
		{"/a.html/.", 404, ""},
		{"/dir/../..", 400, ""},
		{"/..?q", 400, ""},
		{"//..", 400, ""},
		{"//x/%2e%2e", 200, ""},
		{"/dir/x/..//", 200, ""},
		{"/%2e", 200, ""},
		{"/dir/%2e", 200, ""},
		{"/dir/%2e%2e", 200, ""},
		{"/dir/.%2e/a.html", 200, ""},
		{"/dir/x/%2e.", 200, ""},
		{"/nothing/deep/%2e%2e/../dir/index.html", 200, ""},
		{"/dir/%2e%2e/dir", 301, "./dir/"},
		{"/dir/..;x", 404, ""},
		{"/a/x/../", 301, "../a"},
		{"/a/x/..", 404, ""}, // from here, ../a is a/a
		{"/a/%2e/", 404, ""}, // and here, for clients that don't take %2e for a dot
		{"/.", 200, ""},
		{"/./", 200, ""},
		{"/dir/..//a.html", 200, ""},
		{"/dir/.//../a.html", 200, ""},
		{"/.git/../a.html", 200, ""},
		{"/dir/../.git/config", 404, ""},
		{"/./.git/./config", 404, ""},
		{"/dir/..%2fa.html", 404, ""},
		{"/dir/%2e/index.html", 200, ""},
		{"/dir/.../index.html", 404, ""},
		{"/..a/../a.html", 200, ""},
		{"/%2e%2e/a.html", 400, ""},
		{"/dir/%2E%2e/a.html", 200, ""},
		{"/.%2e/", 400, ""},
		{"/dir%2findex.html", 404, ""},
		{"/..%2f..%2fetc/passwd", 404, ""},
		{"/..%5c..%5cwin.ini", 404, ""},
		{"/a.html%00", 400, ""},
		{"/a%", 400, ""},
		{"/a%2", 400, ""},
		{"/a%zz", 400, ""},
		{"/a\x01", 400, ""},
		{"/a b", 400, ""},
		{"/a#b", 400, ""},
		{"/a\x7f", 400, ""},
		{"//", 301, "../"},
		{"//a.html", 301, "../a.html"},
		{"/dir//index.html", 301, "../../dir/index.html"},
		{"/dir//", 301, "../../dir/"},
		{"//dir/?q", 301, "../../dir/?q"},
		{"//dir", 301, "../dir/"},
		{"http://example.com//a.html", 301, "../a.html"},
		{"//evil.example/%2e%2e", 200, ""}, // the root
		{"//evil.example/", 404, ""},
		{"/\\evil.example/", 404, ""},
		{"/.git/config", 404, ""},
		{"/.git", 404, ""},
		{"/%2egit/config", 404, ""},
		{"/dir/.hidden", 404, ""},
		{"/.well-known/x.txt", 200, ""},
		{"/.well-knownx", 404, ""},
		{"/...", 404, ""},
	} {
		p := ask(t, pl, site(), "GET", c.target)
		if p.Status != c.status || header(p, "Location") != c.location {
			t.Errorf("%q: %d %q, want %d %q", c.target, p.Status, header(p, "Location"), c.status,
				c.location)
		}
	}
}

// TestMergedRedirects: a redirect from empty components leads where net/url resolves it (RFC 3986
// §5.2), also if a handler in front has taken a prefix off the path.
func TestMergedRedirects(t *testing.T) {
	pl := planner(t, Options{})
	for target, want := range map[string]string{
		"//":                    "/",
		"//a.html":              "/a.html",
		"////a.html":            "/a.html",
		"/dir//index.html":      "/dir/index.html",
		"/dir//?x=1":            "/dir/?x=1",
		"//dir":                 "/dir/",
		"/dir///index.html?a=b": "/dir/index.html?a=b",
	} {
		for _, prefix := range []string{"", "/docs/v1"} {
			base, err := url.Parse("http://h" + prefix + target)
			if err != nil {
				t.Fatal(err)
			}
			location := header(ask(t, pl, site(), "GET", target), "Location")
			ref, err := url.Parse(location)
			if err != nil {
				t.Fatal(err)
			}
			if got := base.ResolveReference(ref).String(); got != "http://h"+prefix+want ||
				strings.HasPrefix(location, "/") {
				t.Errorf("%s%s: Location %q leads to %s", prefix, target, location, got)
			}
		}
	}
}

// TestUnknownTimes: the times 0 and 1 are no dates. No validator comes of them (RFC 9110 §8.8.2),
// and conditions on dates do not hold.
func TestUnknownTimes(t *testing.T) {
	for _, mtime := range []int64{-1, 0, 1} {
		n := file(10, 20, Deflate)
		n.ModTime = mtime
		tree := &fakeTree{nodes: map[string]Node{"f": n}}
		date := string(AppendTime(nil, max(mtime, 0)))
		for _, c := range []struct {
			field  string
			status int
		}{
			{"Accept: */*", 200},
			{"If-Modified-Since: " + date, 200},
			{"If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT", 200},
			{"If-None-Match: " + tagPlain, 304},
		} {
			p := ask(t, planner(t, Options{}), tree, "GET", "/f", c.field)
			if p.Status != c.status || header(p, "Last-Modified") != "" || header(p, "ETag") != tagPlain {
				t.Errorf("mtime %d, %s: %d\n%s", mtime, c.field, p.Status, p.AppendFields(nil))
			}
		}
		for field, status := range map[string]int{date: 200, tagPlain: 206} {
			p := ask(t, planner(t, Options{}), tree, "GET", "/f", "Range: bytes=0-1", "If-Range: "+field)
			if p.Status != status {
				t.Errorf("mtime %d, If-Range %s: %d", mtime, field, p.Status)
			}
		}
	}
}

// TestPageBeforeFolder: about.html wins over the folder about. That is the order of nginx with
// "try_files $uri $uri.html $uri/", which Next.js documents for its exports.
func TestPageBeforeFolder(t *testing.T) {
	tree := site()
	tree.nodes["dir.html"] = tree.nodes["a.html"]
	tree.nodes["to"] = Node{Kind: Link, Name: "bare"}
	tree.nodes["to.html"] = Node{Kind: Link, Name: "a.html"}
	for _, o := range []Options{{}, {Listing: true}, {Listing: true, SPA: true}} {
		for _, c := range []struct {
			target, location string
		}{
			{"/both", ""},
			{"/both?x=1", ""},
			{"/dir", ""}, // although it has an index.html
			{"/dir/", ""},
			{"/to", ""},
			{"//both", "../both"},
			{"//both/", "../../both/"},
			{"//dir?x", "../dir?x"},
		} {
			p := ask(t, planner(t, o), tree, "GET", c.target)
			status, length := 200, int64(10000)
			if c.location != "" {
				status, length = 301, int64(len(p.Body.Text))
			}
			if p.Status != status || p.Length != length || header(p, "Location") != c.location {
				t.Errorf("%+v: %s: %d, %d bytes, Location %q", o, c.target, p.Status, p.Length,
					header(p, "Location"))
			}
		}
		p := ask(t, planner(t, o), tree, "GET", "/both?list")
		if o.Listing && header(p, "Location") != "./both/?list" || !o.Listing && p.Status != 200 {
			t.Errorf("%+v: /both?list: %d %q", o, p.Status, header(p, "Location"))
		}
	}
}

func TestMethods(t *testing.T) {
	pl := planner(t, Options{})
	for _, c := range []struct {
		method, target string
		status         int
		allow          bool
		sends          bool
		length         int64
	}{
		{"GET", "/a.html", 200, false, true, 10000},
		{"HEAD", "/a.html", 200, false, false, 10000},
		{"HEAD", "/nothing", 404, false, false, 14},
		{"OPTIONS", "/a.html", 204, true, false, -1},
		{"OPTIONS", "*", 204, true, false, -1},
		{"POST", "/a.html", 405, true, true, 23},
		{"get", "/a.html", 405, true, true, 23},
		{"CONNECT", "example.com:443", 405, true, true, 23},
		{"TRACE", "/", 405, true, true, 23},
	} {
		p := ask(t, pl, site(), c.method, c.target)
		if p.Status != c.status || (header(p, "Allow") != "") != c.allow || p.Sends() != c.sends ||
			p.Length != c.length {
			t.Errorf("%s %s: %d, Allow %q, sends %v, length %d", c.method, c.target, p.Status,
				header(p, "Allow"), p.Sends(), p.Length)
		}
	}
}

func TestAcceptEncoding(t *testing.T) {
	const none = "none"
	for _, c := range []struct {
		value string
		want  string // for deflated, stored
	}{
		{none, "identity identity"},
		{"", "identity identity"},
		{"gzip", "gzip identity"},
		{"GZIP", "gzip identity"},
		{"x-gzip", "gzip identity"},
		{"gzip, deflate, br", "gzip identity"},
		{"br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip identity"},
		{"deflate, br", "identity identity"},
		{"gzip;q=0", "identity identity"},
		{"gzip;q=0.000", "identity identity"},
		{"gzip;q=0.001", "gzip identity"},
		{"gzip;q=0, *", "identity identity"},
		{"*", "gzip identity"},
		{"*;q=0", "406 406"},
		{"*;q=0, identity", "identity identity"},
		{"*;q=0, gzip", "gzip gzip"},
		{"*;q=0,gzip;q=0", "406 406"},
		{"identity;q=0", "406 406"},
		{"identity;q=0, gzip;q=0.5", "gzip gzip"},
		{"identity;q=0, *", "gzip gzip"},
		{"gzip;q=0.5, identity", "identity identity"},
		{"gzip;q=0.5, identity;q=0.5", "gzip identity"},
		{"gzip;q=0.4, *;q=0.5", "identity identity"},
		{"identity;q=1, *;q=0", "identity identity"},
		{"gzip ; q = 0.5", "gzip identity"},
		{"gzip;q=", "identity identity"},
		{"gzip;q=2", "identity identity"},
		{"gzip;q=1.001", "identity identity"},
		{"gzip;q=0.0001", "identity identity"},
		{"gzip;q=abc", "identity identity"},
		{"gzip;level=9", "identity identity"},
		{"gzip;q=abc, *;q=0.2", "gzip identity"},
		{",,gzip,,", "gzip identity"},
		{"gzipped", "identity identity"},
		{";;;=,q=1", "identity identity"},
	} {
		got := ""
		for _, coding := range []Coding{Deflate, Stored} {
			var a codingWeights
			if c.value == none {
				a = accepts("", false)
			} else {
				a = accepts(c.value, true)
			}
			tree := &fakeTree{nodes: map[string]Node{"f": file(10, 20, coding)}}
			var lines []string
			if c.value != none {
				lines = []string{"Accept-Encoding: " + c.value}
			}
			p := ask(t, planner(t, Options{}), tree, "GET", "/f", lines...)
			kind := "identity"
			switch {
			case p.Status == 406:
				kind = "406"
			case p.Encoding == Gzip:
				kind = "gzip"
			}
			if kind == "gzip" && (p.Length != 20 || p.Body.Kind != SpanBody ||
				p.Body.Offset != 1000 || header(p, "Content-Encoding") != "gzip") {
				t.Errorf("%q: gzip body %+v", c.value, p.Body)
			}
			if kind == "identity" && (p.Length != 10 || header(p, "Content-Encoding") != "") {
				t.Errorf("%q: identity body %+v", c.value, p.Body)
			}
			if header(p, "Vary") != "Accept-Encoding" {
				t.Errorf("%q: no Vary (%+v)", c.value, a)
			}
			got = strings.TrimSpace(got + " " + kind)
		}
		if got != c.want {
			t.Errorf("Accept-Encoding %q: %s, want %s", c.value, got, c.want)
		}
	}
}

func TestCodedNames(t *testing.T) {
	pl := planner(t, Options{})
	for _, c := range []struct{ target, contentType, encoding string }{
		{"/x.tar.gz", "application/gzip", ""},
		{"/x.tgz", "application/gzip", ""},
	} {
		for _, accept := range []string{"gzip", "identity", "gzip;q=0", "*;q=0"} {
			p := ask(t, pl, site(), "GET", c.target, "Accept-Encoding: "+accept)
			if p.Status != 200 || p.Length != 4000 || header(p, "Content-Type") != c.contentType ||
				header(p, "Content-Encoding") != c.encoding || header(p, "ETag") != tagPlain {
				t.Errorf("%s, %s: %d\n%s", c.target, accept, p.Status, p.AppendFields(nil))
			}
		}
	}
}

func TestConditions(t *testing.T) {
	pl := planner(t, Options{})
	for _, c := range []struct {
		headers string
		status  int
	}{
		{"If-None-Match: " + tagPlain, 304},
		{"If-None-Match: W/" + tagPlain, 304},
		{"If-None-Match: *", 304},
		{`If-None-Match: "x", ,W/"y" ,` + tagPlain, 304},
		{"If-None-Match: " + tagGzip, 200},
		{`If-None-Match: "x"`, 200},
		{`If-None-Match: garbage`, 200},
		{`If-None-Match: "unclosed`, 200},
		{"If-None-Match: 0123456789abcdef", 200},
		{"Accept-Encoding: gzip|If-None-Match: " + tagGzip, 304},
		{"Accept-Encoding: gzip|If-None-Match: " + tagPlain, 200},
		{"If-Modified-Since: " + dateThen, 304},
		{"If-Modified-Since: " + dateNew, 304},
		{"If-Modified-Since: " + dateOld, 200},
		{"If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT", 304},
		{"If-Modified-Since: Tue Nov 14 22:13:20 2023", 304},
		{"If-Modified-Since: yesterday", 200},
		{`If-None-Match: "x"|If-Modified-Since: ` + dateNew, 200}, // the date is ignored
		{"If-None-Match: " + tagPlain + "|If-Modified-Since: " + dateOld, 304},
		{"If-Match: *", 200},
		{"If-Match: " + tagPlain, 200},
		{"If-Match: W/" + tagPlain, 412},
		{"If-Match: " + tagGzip, 412},
		{"Accept-Encoding: gzip|If-Match: " + tagGzip, 200},
		{`If-Match: "x"`, 412},
		{"If-Unmodified-Since: " + dateThen, 200},
		{"If-Unmodified-Since: " + dateOld, 412},
		{"If-Unmodified-Since: rubbish", 200},
		{"If-Match: *|If-Unmodified-Since: " + dateOld, 200}, // the date is ignored
		{"If-Match: " + tagPlain + "|If-None-Match: " + tagPlain, 304},
		{`If-Match: "x"|If-None-Match: ` + tagPlain, 412},
		{"Range: bytes=0-1|If-None-Match: " + tagPlain, 304},
		{"Range: bytes=0-1|If-Match: \"x\"", 412},
		{"Range: bytes=0-1|If-Range: " + tagPlain, 206},
		{"Range: bytes=0-1|If-Range: W/" + tagPlain, 200},
		{"Range: bytes=0-1|If-Range: " + tagGzip, 200},
		{"Range: bytes=0-1|If-Range: " + dateThen, 206},
		{"Range: bytes=0-1|If-Range: " + dateOld, 200},
		{"Range: bytes=0-1|If-Range: " + dateNew, 200},
		{"Range: bytes=0-1|If-Range: junk", 200},
		{"If-Range: " + tagPlain, 200},
		{"Accept-Encoding: gzip|Range: bytes=0-1|If-Range: " + tagPlain, 206},
		{"Accept-Encoding: gzip|Range: bytes=0-1|If-Range: " + tagGzip, 200}, // it has gzip
		{"Accept-Encoding: gzip|Range: bytes=0-1", 206},
		{"Accept-Encoding: gzip|Range: bytes=0-1|If-None-Match: " + tagGzip, 206}, // identity
		{"Accept-Encoding: gzip, identity;q=0|Range: bytes=0-1", 200},
	} {
		p := ask(t, pl, site(), "GET", "/a.html", strings.Split(c.headers, "|")...)
		if p.Status != c.status {
			t.Errorf("%s: %d, want %d", c.headers, p.Status, c.status)
		}
		if c.status < 400 && header(p, "Vary") != "Accept-Encoding" {
			t.Errorf("%s: no Vary", c.headers)
		}
		if c.status == 304 && (p.Sends() || header(p, "ETag") == "" ||
			header(p, "Content-Length") != "" || header(p, "Content-Encoding") != "") {
			t.Errorf("%s: 304 with\n%s", c.headers, p.AppendFields(nil))
		}
	}
}

func TestFields(t *testing.T) {
	for _, c := range []struct {
		name, target string
		o            Options
		headers      []string
		want         string
	}{
		{"html", "/a.html", Options{}, nil,
			"Content-Type: text/html; charset=utf-8|Content-Length: 10000|Last-Modified: " + dateThen +
				"|ETag: " + tagPlain + "|Accept-Ranges: bytes|Vary: Accept-Encoding"},
		{"gzip", "/a", Options{CacheControl: "max-age=60"}, []string{"Accept-Encoding: gzip"},
			"Content-Type: text/html; charset=utf-8|Content-Length: 2000|Content-Encoding: " +
				"gzip|Last-Modified: " +
				dateThen + "|ETag: " + tagGzip +
				"|Accept-Ranges: bytes|Vary: Accept-Encoding|Cache-Control: max-age=60"},
		{"206", "/big.json", Options{}, []string{"Range: bytes=-5"},
			"Content-Type: application/json; charset=utf-8|Content-Length: 5|Last-Modified: " + dateThen +
				"|ETag: " + tagPlain +
				"|Content-Range: bytes 5242875-5242879/5242880|Accept-Ranges: bytes|Vary: Accept-Encoding"},
		{"416", "/b.css", Options{}, []string{"Range: bytes=10000-"},
			"Content-Type: text/plain; charset=utf-8|Content-Length: 26|Content-Range: bytes " +
				"*/10000|Vary: Accept-Encoding"},
		{"immutable", "/b.css", Options{CacheControl: "no-cache", Immutable: []string{"*.css"}},
			[]string{"If-None-Match: *"},
			"Last-Modified: " + dateThen + "|ETag: " + tagPlain +
				"|Vary: Accept-Encoding|Cache-Control: " + Immutable},
		{"sniffed", "/noext", Options{}, nil,
			`Content-Type: text/html; charset=utf-8|Content-Length: 10|ETag: "0000000000000000"|` +
				`Accept-Ranges: bytes|Vary: Accept-Encoding`},
		{"not utf-8", "/latin.txt", Options{}, nil,
			`Content-Type: text/plain|Content-Length: 10|ETag: "0000000000000000"|` +
				`Accept-Ranges: bytes|Vary: Accept-Encoding`},
		{"typescript", "/code.ts", Options{}, nil,
			`Content-Type: text/plain; charset=utf-8|Content-Length: 9|ETag: "0000000000000000"|` +
				`Accept-Ranges: bytes|Vary: Accept-Encoding`},
		{"date to come", "/future.txt", Options{}, nil,
			`Content-Type: text/plain|Content-Length: 3|ETag: "0000000000000000"|Accept-Ranges: ` +
				`bytes|Vary: Accept-Encoding`},
		{"own header", "/nothing", Options{Header: []Field{{"X-A", "b c"}}}, nil,
			"Content-Type: text/plain; charset=utf-8|Content-Length: 14|X-A: b c"},
		{"download", "/?list&download=tar.gz", Options{}, []string{"Accept-Encoding: gzip"},
			"Content-Type: application/gzip|Content-Length: 5000|Last-Modified: " + dateThen +
				`|ETag: "0000000000000abc"|Accept-Ranges: bytes|Vary: Accept-Encoding|` +
				`Content-Disposition: attachment; filename="site.tar.gz"`},
		{"sidecar's middle", "/?list&download=tpi", Options{}, []string{"Range: bytes=1-2"},
			"Content-Type: application/octet-stream|Content-Length: 2|Last-Modified: " + dateThen +
				`|ETag: "0000000000000abc"|Content-Range: bytes 1-2/5000|Accept-Ranges: bytes|` +
				`Vary: Accept-Encoding|Content-Disposition: attachment; filename="site.tpi"`},
		{"any origin", "/old.txt", Options{CORS: []string{"*"}}, nil,
			`Content-Type: text/plain|Content-Length: 3|ETag: "0000000000000001"|Accept-Ranges: ` +
				`bytes|Vary: Accept-Encoding|` +
				"Access-Control-Allow-Origin: *|Access-Control-Expose-Headers: Accept-Ranges, " +
				"Content-Encoding, Content-Length, Content-Range, ETag, Repr-Digest"},
		{"that origin", "/nothing", Options{CORS: []string{"https://a.example"}},
			[]string{"Origin: https://a.example"}, "Content-Type: text/plain; " +
				"charset=utf-8|Content-Length: 14|" +
				"Access-Control-Allow-Origin: https://a.example|Access-Control-Expose-Headers: " +
				"Accept-Ranges, Content-Encoding, Content-Length, Content-Range, ETag, " +
				"Repr-Digest|Vary: Origin"},
		{"other origin", "/nothing", Options{CORS: []string{"https://a.example"}},
			[]string{"Origin: https://b.example"}, "Content-Type: text/plain; " +
				"charset=utf-8|Content-Length: 14|Vary: Origin"},
	} {
		p := ask(t, planner(t, c.o), site(), "GET", c.target, c.headers...)
		got := strings.TrimSuffix(strings.ReplaceAll(string(p.AppendFields(nil)), "\r\n", "|"), "|")
		if c.name == "date to come" {
			got = strings.Replace(got, "Last-Modified: Tue, 14 Nov 2023 22:30:00 GMT|", "", 1)
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, strings.ReplaceAll(got, "|", "\n     "),
				strings.ReplaceAll(c.want, "|", "\n     "))
		}
	}
}

// TestEmptyMember: if only gzip will do, an empty file is sent as a member that inflates to
// nothing.
func TestEmptyMember(t *testing.T) {
	p := ask(t, planner(t, Options{}), site(), "GET", "/empty.txt", "Accept-Encoding: gzip, *;q=0")
	if p.Status != 200 || p.Encoding != Gzip || p.Length != int64(len(p.Body.Text)) {
		t.Errorf("%d, %v, %d bytes: %q", p.Status, p.Encoding, p.Length, p.Body.Text)
	}
	z, err := gzip.NewReader(strings.NewReader(p.Body.Text))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || len(b) > 0 {
		t.Errorf("%q, %v", b, err)
	}
}

func TestBodies(t *testing.T) {
	pl := planner(t, Options{})
	for _, c := range []struct {
		target, header string
		kind           BodyKind
		offset, length int64
	}{
		{"/a.html", "Accept-Encoding: gzip", SpanBody, 1000, 2000},
		{"/a.html", "Accept-Encoding: ", ContentBody, 0, 10000},
		{"/big.json", "Range: bytes=100-199", ContentBody, 100, 100},
		{"/pic.png", "Accept-Encoding: gzip", SpanBody, 1015, 4000}, // in one stored block
		{"/pic.png", "Range: bytes=1-2", SpanBody, 1016, 2},
		{"/film.mp4", "Accept-Encoding: gzip", ContentBody, 0, 1 << 20},
		{"/empty.txt", "Accept-Encoding: gzip", NoBody, 0, 0},
		{"/empty.txt", "Range: bytes=0-", NoBody, 0, 0},
		{"/empty.txt", "Accept-Encoding: gzip, *;q=0", TextBody, 0, 0},
		{"/?list&download=tar.gz", "Range: bytes=10-", ContentBody, 10, 4990},
	} {
		p := ask(t, pl, site(), "GET", c.target, c.header)
		if b := p.Body; b.Kind != c.kind || b.Offset != c.offset || b.Length != c.length ||
			p.Length != c.length && b.Kind != TextBody {
			t.Errorf("%s, %s: %+v, length %d", c.target, c.header, b, p.Length)
		}
	}
}

// TestFailHead: an answer to HEAD that has become a 500 has no content either.
func TestFailHead(t *testing.T) {
	for _, method := range []string{"GET", "HEAD"} {
		p := ask(t, planner(t, Options{}), site(), method, "/a.html")
		if p.Fail(); p.Status != 500 || p.Sends() != (method == "GET") {
			t.Errorf("%s: %d, sends %v", method, p.Status, p.Sends())
		}
	}
}
