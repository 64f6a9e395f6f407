package plan

import (
	"errors"
	"strings"
	"testing"
)

// TestTextIsShown: text is sent with a type that Chromium displays (net::IsSupportedMimeType), or
// that a program other than the browser is to have. Content that is no text keeps its type.
func TestTextIsShown(t *testing.T) {
	const text, xml, html = "text/plain; charset=utf-8", "text/xml; charset=utf-8",
		"text/html; charset=utf-8"
	pl := planner(t, Options{})
	for _, c := range []struct{ names, sniff, want string }{
		{"a.rs a.sql a.sh a.toml a.php a.tex a.org a.pem a.srt a.tcl a.pl a.csh a.latex a.asc a.pgn " +
			"a.nt a.dot a.pub a.csv a.tsv a.c a.h a.java a.lua a.hjson a.json5 a.crt a.key a.SQL a.Rs " +
			"a.mod a.step a.obj a.dxf a.yaml a.yml a.jsx a.less a.styl a.wgsl a.man a.sub a.md a.mdx a.n3 " +
			"a.ttl a.conf a.log a.ini a.slim", text, text},
		{"a.php", html, text}, // not shown as the page that it makes
		{"a.rs", xml, "application/rls-services+xml"},
		{"a.unknown noext .profile", text, text},
		{"a.html a.htm", html, html},
		{"a.html", text, html},
		{"a.css", text, "text/css; charset=utf-8"},
		{"a.js a.mjs", text, "text/javascript; charset=utf-8"},
		{"a.json a.map", text, "application/json; charset=utf-8"},
		{"a.geojson", text, "application/geo+json"},
		{"a.webmanifest", text, "application/manifest+json; charset=utf-8"},
		{"a.md a.yml", "text/plain", "text/plain"}, // not UTF-8
		{"a.sub", "application/octet-stream", "text/vnd.dvb.subtitle"},
		{"a.appcache", text, "text/cache-manifest; charset=utf-8"},
		{"a.vtt", text, "text/vtt; charset=utf-8"},
		{"a.svg", "image/svg+xml; charset=utf-8", "image/svg+xml"},
		{"a.svg", text, "image/svg+xml"},
		{"a.xml", xml, "application/xml"},
		{"a.atom", xml, "application/atom+xml"},
		{"a.kml", xml, "application/vnd.google-earth.kml+xml"},
		{"a.xhtml", html, "application/xhtml+xml"},
		{"a.ics", text, "text/calendar; charset=utf-8"},
		{"a.vcf", text, "text/x-vcard; charset=utf-8"},
		{"a.m3u8", text, "application/vnd.apple.mpegurl"},
		{"a.rtf", text, "application/rtf"},
		{"a.pac", text, "application/x-ns-proxy-autoconfig"},
		{"a.ts", text, text},
		{"a.ts", "application/octet-stream", "video/mp2t"},
		{"a.doc a.dot", "application/octet-stream", "application/msword"},
		{"a.pem", "application/octet-stream", "application/x-x509-ca-cert"},
		{"a.pdf", "application/pdf", "application/pdf"},
		{"a.tar.gz a.tgz", "application/gzip", "application/gzip"},
		{"a.php", "text/plain", "text/plain"}, // not UTF-8
	} {
		for name := range strings.FieldsSeq(c.names) {
			n := &Node{Size: 10, Sniff: c.sniff, UTF8: strings.HasSuffix(c.sniff, "utf-8")}
			if got := pl.MediaType("dir/"+name, n); got != c.want {
				t.Errorf("%s, begins like %s: %s, want %s", name, c.sniff, got, c.want)
			}
		}
	}
}

// TestConfiguredTypes: a configured type comes before the table and the content.
func TestConfiguredTypes(t *testing.T) {
	pl := planner(t, Options{SPA: true, Types: map[string]string{
		"rs": "text/x-rust", ".PBF": "application/x-protobuf", "d.ts": "text/plain",
		"csv": "text/csv; charset=iso-8859-1", "route": "text/html", "foo": "application/gzip",
		"gz": "application/x-special",
	}})
	for name, want := range map[string]string{
		"a.rs": "text/x-rust; charset=utf-8", "a.RS": "text/x-rust; charset=utf-8",
		"x/a.pbf": "application/x-protobuf", "a.d.ts": "text/plain; charset=utf-8",
		"a.ts": "text/plain; charset=utf-8", "a.csv": "text/csv; charset=iso-8859-1",
		"rs": "text/plain; charset=utf-8", ".rs": "text/plain; charset=utf-8",
		"rs/a": "text/plain; charset=utf-8", "a.gz": "application/x-special",
	} {
		n := &Node{Size: 10, Sniff: "text/plain; charset=utf-8", UTF8: true}
		if got := pl.MediaType(name, n); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if p := ask(t, pl, site(), "GET", "/nothing.route"); p.Status != 404 {
		t.Errorf("a configured extension is not known: %d", p.Status)
	}
	tree := site()
	tree.nodes["a.foo"], tree.nodes["a.gz"] = tree.nodes["x.tgz"], tree.nodes["x.tgz"]
	for _, target := range []string{"/a.foo", "/a.gz"} {
		if p := ask(t, pl, tree, "GET", target, "Accept-Encoding: gzip"); p.Encoding != Identity ||
			p.Status != 200 {
			t.Errorf("%s: %d, a second coding: %v", target, p.Status, p.Encoding)
		}
	}
	for _, bad := range []map[string]string{
		{"": "text/plain"}, {".": "text/plain"}, {"a/b": "text/plain"}, {"a": ""}, {"a": "text"},
		{"a": "text/"}, {"a": "text/plain\r\nX: y"}, {"a": " text/plain"}, {"a": "text/plain; ="},
	} {
		if _, err := New(Options{Types: bad}); !errors.Is(err, ErrOption) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestConfiguredTypesOfGzip: for content that is gzip, too, the longest configured extension
// counts. Its type describes the content inside, unless it is gzip's own type.
func TestConfiguredTypesOfGzip(t *testing.T) {
	for _, c := range []struct {
		name, ext, mediaType string
		coding               bool // sent with Content-Encoding: gzip
		want                 string
	}{
		{"a.pbf", "", "", true, protobufType},
		{"a.pbf", "pbf", gzipType, false, gzipType},
		{"a.tile.pbf", "tile.pbf", gzipType, false, gzipType},
		{"a.TILE.pbf", "tile.pbf", gzipType, false, gzipType},
		{"a.pbf", "tile.pbf", gzipType, true, protobufType},
		{"a.tile.pbf", "tile.pbf", "application/x-tile", true, "application/x-tile"},
		{"a.svgz", "svgz", "image/x-svg", true, "image/x-svg"},
		{"a.js.gz", "", "", true, "text/javascript"},
		{"a.js.gz", "js.gz", "text/x-js", true, "text/x-js"},
		{"a.js.gz", "js", "text/x-js", true, "text/x-js"},
		{"a.js.gz", "gz", "application/x-special", true, "text/javascript"},
		{"a.js.gz", "js.gz", gzipType, true, "text/javascript"}, // the glob asks for it
		{"a.svg.gz", "svg.gz", "image/svg+xml", false, "image/svg+xml"},
	} {
		o := Options{Gzipped: []string{"*.js.gz"}, Types: map[string]string{}}
		if c.ext != "" {
			o.Types[c.ext] = c.mediaType
		}
		pl := planner(t, o)
		n := &Node{Kind: File, Size: 10, Sniff: gzipType}
		got, coding := pl.MediaType(c.name, n), pl.namedGzip(c.name, n)
		if got != c.want || coding != c.coding {
			t.Errorf("%s with %s=%s: %s %v, want %s %v", c.name, c.ext, c.mediaType, got, coding,
				c.want, c.coding)
		}
	}
}
