package serve_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// gzipped returns a gzip stream of content.
func gzipped(content string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(content))
	_ = z.Close()
	return b.String()
}

// TestOwnGzip: content that is gzip itself is sent with Content-Encoding: gzip if its name says so,
// and inflated to clients that refuse it. Each of the two has an entity-tag of its own.
func TestOwnGzip(t *testing.T) {
	large := noise(150_000) + words(500_000)
	const tile, vector = "application/x-protobuf", "application/vnd.mapbox-vector-tile"
	tree := files{}
	cases := []struct{ name, inner, mediaType string }{
		{"0/0.pbf", noise(700), tile},
		{"0/1.PBF", words(1 << 16), tile},
		{"0/2.mvt", large, vector},
		{"empty.mvt", "", vector},
		{"icon.svgz", "<svg/>", "image/svg+xml"},
		{"app.js.gz", "let x = 1", "text/javascript"},
		{"app.wasm.gz", large, "application/wasm"},
		{"app.data.gz", "data", "application/octet-stream"},
	}
	for _, c := range cases {
		tree[c.name] = gzipped(c.inner)
	}
	tree["members.js.gz"] = gzipped("one ") + gzipped("two")
	damaged := []byte(gzipped(large))
	damaged[len(damaged)/2] ^= 1
	tree["damaged.pbf"] = string(damaged)
	tree["large.cut.mvt"] = gzipped(large)[:len(gzipped(large))-1]
	tree["cut.pbf"] = gzipped(noise(900))[:300]
	tree["header.svgz"] = gzipped("<svg/>")[:10]
	tree["cut.trailer.svgz"] = gzipped("<svg/>")[:len(gzipped("<svg/>"))-4]
	tree["junk.pbf"] = gzipped(words(400)) + "junk"
	tree["zeros.svgz"] = gzipped("<svg/>") + strings.Repeat("\x00", 512)
	tree["half.mvt"] = gzipped(words(400)) + gzipped(words(500))[:20]
	tree["junk.js.gz"] = gzipped("let x = 1") + "\n"
	broken := []string{"damaged.pbf", "large.cut.mvt", "cut.pbf", "header.svgz", "cut.trailer.svgz",
		"junk.pbf", "zeros.svgz", "half.mvt", "junk.js.gz"}
	tree["plain.pbf"], tree["plain.svgz"] = noise(800), "<svg/>"
	tree["plain.gz"], tree["whole.pbf"] = gzipped("plain"), gzipped("whole")
	dir := filepath.Join(t.TempDir(), "dir")
	tree.write(t, dir)
	packed := tree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	for _, o := range []serve.Options{
		{Archives: []serve.Archive{{Path: packed}}}, {Fallback: dir},
	} {
		o.Gzipped, o.Identity = []string{"*.js.gz", "app.*.gz"}, []string{"whole.*"}
		for _, c := range clients(t, o) {
			t.Run(c.name, func(t *testing.T) {
				for _, f := range cases {
					testOwnGzip(t, c, "/"+f.name, f.inner, tree[f.name], f.mediaType)
				}
				for _, name := range broken {
					testNoGzip(t, c, "/"+name, tree[name])
				}
				testMembers(t, c, "/members.js.gz", "one two", tree["members.js.gz"])
				for _, name := range []string{"plain.pbf", "plain.svgz", "plain.gz", "whole.pbf"} {
					resp, body := c.do(t, "GET", "/"+name, "Accept-Encoding: gzip;q=0")
					if resp.StatusCode != 200 || body != tree[name] ||
						resp.Header.Get("Accept-Ranges") != "bytes" {
						t.Errorf("%s as it is: %s %v", name, resp.Status, resp.Header)
					}
				}
				for _, name := range []string{"plain.gz", "whole.pbf"} {
					resp, body := c.do(t, "GET", "/"+name, "Accept-Encoding: gzip")
					if resp.Header.Get("Content-Encoding") != "" || body != tree[name] {
						t.Errorf("%s has a Content-Encoding", name)
					}
				}
			})
		}
	}
}

// testOwnGzip gets a file whose content is gzip in both representations.
func testOwnGzip(t *testing.T, c *client, target, inner, stored, mediaType string) {
	t.Helper()
	var tags []string
	for _, step := range []struct{ accept, coding, body string }{
		{"gzip", "gzip", stored},
		{"gzip, deflate, br, zstd", "gzip", stored},
		{"*;q=0, gzip", "gzip", stored},
		{"", "", inner},
		{"identity", "", inner},
		{"gzip;q=0", "", inner},
		{"br", "", inner},
	} {
		fields := []string{"Accept-Encoding: " + step.accept}
		if step.accept == "" {
			fields = nil
		}
		resp, body := c.do(t, "GET", target, fields...)
		if resp.StatusCode != 200 || resp.Header.Get("Content-Encoding") != step.coding ||
			body != step.body || resp.ContentLength != int64(len(step.body)) ||
			resp.Header.Get("Content-Type") != mediaType ||
			resp.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s, %q: %s, %d bytes, %v", target, step.accept, resp.Status, len(body), resp.Header)
		}
		tag := resp.Header.Get("ETag")
		tags = append(tags, tag)
		head, _ := c.do(t, "HEAD", target, fields...)
		if head.ContentLength != int64(len(step.body)) || head.Header.Get("ETag") != tag {
			t.Errorf("HEAD %s, %q: %v", target, step.accept, head.Header)
		}
		resp, _ = c.do(t, "GET", target, append(fields, "If-None-Match: "+tag)...)
		if resp.StatusCode != 304 {
			t.Errorf("%s, %q, known: %s", target, step.accept, resp.Status)
		}
		// A range of gzip is one of the bytes that are stored; what is inflated has none.
		status, part := 206, stored[1:5]
		if step.coding == "" {
			status, part = 200, inner
		}
		resp, body = c.do(t, "GET", target, append(fields, "Range: bytes=1-4")...)
		if resp.StatusCode != status || body != part || resp.Header.Get("ETag") != tag {
			t.Errorf("%s, %q, a range: %s %q", target, step.accept, resp.Status, body)
		}
		resp, body = c.do(t, "GET", target, append(fields, "Range: bytes=0-0,9-9")...)
		if resp.StatusCode != 200 || body != step.body {
			t.Errorf("%s, %q, two ranges: %s", target, step.accept, resp.Status)
		}
	}
	if tags[0] == tags[3] || strings.Join(tags, " ") !=
		strings.Repeat(tags[0]+" ", 3)+strings.Repeat(tags[3]+" ", 3)+tags[3] {
		t.Errorf("%s: entity-tags %q", target, tags)
	}
	resp, _ := c.do(t, "GET", target, "Accept-Encoding: gzip;q=0, identity;q=0")
	if resp.StatusCode != 406 {
		t.Errorf("%s, nothing accepted: %s", target, resp.Status)
	}
}

// testNoGzip gets a file that only begins like gzip. All clients must get what is stored, without a
// coding.
func testNoGzip(t *testing.T, c *client, target, stored string) {
	t.Helper()
	for range 2 { // the second time the server knows
		for _, accept := range []string{"gzip", "*;q=0, gzip", "gzip, br", "identity", "gzip;q=0"} {
			resp, body := c.do(t, "GET", target, "Accept-Encoding: "+accept)
			if resp.StatusCode != 200 || body != stored || resp.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s, %q: %s, %d bytes, %v", target, accept, resp.Status, len(body), resp.Header)
			}
			if tag := resp.Header.Get("ETag"); strings.Contains(tag, "own") {
				t.Errorf("%s, %q: the entity-tag %s", target, accept, tag)
			}
		}
	}
	resp, body := c.do(t, "GET", target, "Range: bytes=1-4", "Accept-Encoding: gzip")
	if resp.StatusCode != 206 || body != stored[1:5] {
		t.Errorf("%s, a range: %s %q", target, resp.Status, body)
	}
}

// testMembers gets a file of several gzip members, after the first of which some clients stop. They
// are sent only if the client accepts nothing else.
func testMembers(t *testing.T, c *client, target, inner, stored string) {
	t.Helper()
	for accept, want := range map[string]string{
		"gzip, deflate, br": inner, "identity": inner, "gzip;q=0": inner,
		"gzip, identity;q=0": stored, "*;q=0, gzip": stored,
	} {
		resp, body := c.do(t, "GET", target, "Accept-Encoding: "+accept)
		if coding := resp.Header.Get("Content-Encoding"); resp.StatusCode != 200 || body != want ||
			(coding == "gzip") != (want == stored) || resp.Header.Get("Content-Type") != "text/javascript" {
			t.Errorf("%s, %q: %s, %d bytes, %v", target, accept, resp.Status, len(body), resp.Header)
		}
	}
}

// TestOwnGzipChanges: a plain file is examined again when it has changed.
func TestOwnGzipChanges(t *testing.T) {
	dir := t.TempDir()
	files{"a.pbf": gzipped("one")}.write(t, dir)
	r := start(t, serve.Options{Fallback: dir})
	c := newClient("tcp", r.url(""), &http.Transport{})
	for _, step := range []struct{ content, coding string }{
		{gzipped("one"), "gzip"}, {gzipped("one") + "junk", ""}, {gzipped("two"), "gzip"},
		{gzipped("two")[:12], ""}, {gzipped("three"), "gzip"},
	} {
		files{"a.pbf": step.content}.write(t, dir)
		resp, body := c.do(t, "GET", "/a.pbf", "Accept-Encoding: gzip")
		if body != step.content || resp.Header.Get("Content-Encoding") != step.coding {
			t.Errorf("%q: %v %q", step.content, resp.Header, body)
		}
	}
}

// TestIdentity: what a glob names is sent without a content coding, and by ranges, unless the
// client accepts only gzip.
func TestIdentity(t *testing.T) {
	text := words(90_000)
	archive := files{"a.pdf": text, "docs/b.txt": text, "c.txt": text + "c"}.pack(t,
		filepath.Join(t.TempDir(), "a.tar.gz"))
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: archive}},
		Identity: []string{"*.pdf", "docs/**"}})
	c := newClient("tcp", r.url(""), &http.Transport{})
	for target, coding := range map[string]string{"/a.pdf": "", "/docs/b.txt": "", "/c.txt": "gzip"} {
		resp, body := c.do(t, "GET", target, "Accept-Encoding: gzip, deflate, br")
		if resp.Header.Get("Content-Encoding") != coding || resp.Header.Get("Accept-Ranges") != "bytes" ||
			coding == "" && body != text {
			t.Errorf("%s: %v", target, resp.Header)
		}
	}
	resp, body := c.do(t, "GET", "/a.pdf", "Accept-Encoding: identity;q=0, gzip")
	if resp.Header.Get("Content-Encoding") != "gzip" || gunzip(t, body) != text {
		t.Errorf("only gzip accepted: %v", resp.Header)
	}
}
