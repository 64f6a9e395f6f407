package serve_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// pageKind is a kind of answer that the server makes itself.
type pageKind struct {
	target    string
	data      bool // JSON: always in English
	download  bool // neither compressed nor in a language
	immutable bool
	status    int // 0: 200
}

// pageKinds are all kinds, for two mounts /a and /b of versions of one archive.
var pageKinds = map[string]pageKind{
	"cards":               {target: "/?list"},
	"list":                {target: "/a/?list"},
	"list below a page":   {target: "/a/?list=here"},
	"filtered list":       {target: "/a/?list&filter=t"},
	"grid":                {target: "/a/?list&view=grid"},
	"names":               {target: "/a/?q=a"},
	"text":                {target: "/a/?q=a&in=text"},
	"README":              {target: "/a/?list=readme"},
	"file":                {target: "/a/a.txt?list=view"},
	"Markdown":            {target: "/a/README.md?list=view"},
	"picture":             {target: "/a/p.png?list=view"},
	"bytes":               {target: "/a/b.bin?list=view"},
	"commands":            {target: "/a/?list=get"},
	"commands of a file":  {target: "/a/?list=get&name=a.txt"},
	"overview":            {target: "/a/?list=overview"},
	"overview of mounts":  {target: "/?list=overview"},
	"choice to compare":   {target: "/a/?list=compare"},
	"comparison":          {target: "/a/?list=compare&with=/b"},
	"compared text":       {target: "/a/?list=compare&with=/b&file=a.txt"},
	"compared bytes":      {target: "/a/?list=compare&with=/b&file=b.bin"},
	"nothing":             {target: "/a/nothing", status: 404},
	"nothing to compare":  {target: "/a/?list=compare&with=/c", status: 404},
	"style":               {data: true, immutable: true},
	"list JSON":           {target: "/a/?list&format=json", data: true},
	"names JSON":          {target: "/a/?q=a&format=json", data: true},
	"text JSON":           {target: "/a/?q=a&in=text&format=json", data: true},
	"overview JSON":       {target: "/a/?list=overview&format=json", data: true},
	"comparison JSON":     {target: "/a/?list=compare&with=/b&format=json", data: true},
	"compared text JSON":  {target: "/a/?list=compare&with=/b&file=a.txt&format=json", data: true},
	"zip":                 {target: "/a/?list&download=zip", download: true},
	"tar.gz":              {target: "/a/d/?list&download=tar.gz", download: true},
	"selection as zip":    {target: "/a/?list&download=zip&name=a.txt&name=d", download: true},
	"selection as tar.gz": {target: "/a/?list&download=tar.gz&name=a.txt", download: true},
	"the archive":         {target: "/a/?list&download=tar.gz", download: true},
	"the index":           {target: "/a/?list&download=tpi", download: true},
}

var styleHref = regexp.MustCompile(`\?list&(amp;)?asset=[^"]*\.css`)

// TestKindsOfPages: each kind of answer has the right validators, and depends on nothing that Vary
// does not name, in each way to talk to the server.
func TestKindsOfPages(t *testing.T) {
	dir := t.TempDir()
	tree := files{"README.md": "# Title\n\n" + words(3000), "a.txt": words(3000), "b.bin": noise(900),
		"p.png": "\x89PNG\r\n\x1a\n" + noise(300), "d/e/f.txt": "f", "d/copy.txt": words(3000)}
	a := tree.pack(t, filepath.Join(dir, "a.tar.gz"))
	tree["a.txt"], tree["b.bin"] = words(2000)+"end", noise(800)
	b := tree.pack(t, filepath.Join(dir, "b.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: a, Mount: "/a"},
		serve.Archive{Path: b, Mount: "/b"})) {
		_, page := c.do(t, "GET", "/a/?list")
		style := "/" + strings.ReplaceAll(styleHref.FindString(page), "&amp;", "&")
		languages, codings := pageLanguages, pageCodings
		if testing.Short() || c.name != "tcp" {
			languages, codings = languages[:2], codings[:2]
		}
		for name, kind := range pageKinds {
			if name == "style" {
				kind.target = style
			}
			t.Run(c.name+"/"+name, func(t *testing.T) { checkKind(t, c, kind, languages, codings) })
		}
	}
}

// pageLanguages and pageCodings are what clients prefer. With -short only the first are tried, and
// so it is in all ways to talk to a server but the first.
var (
	pageLanguages = []string{"", "de-AT, en;q=0.5", "en", "de", "fr", "en, de;q=0.9"}
	pageCodings   = []string{"gzip", "identity", "", "gzip;q=0", "br, gzip;q=0.5", "*"}
)

// checkKind asks for an answer in some languages and codings.
func checkKind(t *testing.T, c *client, kind pageKind, languages, codings []string) {
	tags := map[string]string{} // by ETag: what has it
	for _, language := range languages {
		for _, coding := range codings {
			var fields []string
			for name, value := range map[string]string{"Accept": "text/html,*/*;q=0.8",
				"Accept-Language": language, "Accept-Encoding": coding} {
				if value != "" {
					fields = append(fields, name+": "+value)
				}
			}
			checkAnswer(t, c, kind, tags, fields)
		}
	}
	want := 1
	if !kind.data && !kind.download && kind.status == 0 {
		want = 2
	}
	bodies := map[string]bool{}
	for _, body := range tags {
		bodies[body] = true
	}
	if kind.status == 0 && len(bodies) != want {
		t.Errorf("%d bodies, want %d", len(bodies), want)
	}
}

// checkAnswer asks for an answer in some ways with the same header fields.
func checkAnswer(t *testing.T, c *client, kind pageKind, tags map[string]string, fields []string) {
	t.Helper()
	resp, body := c.do(t, "GET", kind.target, fields...)
	h := resp.Header
	status := max(kind.status, 200)
	if resp.StatusCode != status || h.Get("Content-Length") != fmt.Sprint(len(body)) {
		t.Fatalf("%q: %s %v", fields, resp.Status, h)
	}
	head, none := c.do(t, "HEAD", kind.target, fields...)
	h.Del("Date")
	head.Header.Del("Date")
	if head.StatusCode != status || none != "" || fmt.Sprint(head.Header) != fmt.Sprint(h) {
		t.Errorf("%q: HEAD: %s %v, want %v", fields, head.Status, head.Header, h)
	}
	vary := strings.Split(strings.Join(h.Values("Vary"), ", "), ", ")
	for name, varies := range map[string]bool{"Accept-Encoding": true,
		"Accept-Language": !kind.data && !kind.download} {
		if slices.Contains(vary, name) != varies {
			t.Errorf("%q: Vary: %q", fields, vary)
		}
	}
	if coded := h.Get("Content-Encoding"); coded != "" {
		if coded != "gzip" || kind.download || slices.Contains(fields, "Accept-Encoding: identity") ||
			slices.Contains(fields, "Accept-Encoding: gzip;q=0") {
			t.Errorf("%q: %s", fields, coded)
		}
		body = gunzip(t, body)
	}
	tag := h.Get("ETag")
	if (tag == "") != (kind.status > 0) {
		t.Errorf("%q: ETag: %q", fields, tag)
	}
	if tag == "" {
		return
	}
	if was, ok := tags[tag]; ok && was != body {
		t.Errorf("%q: %s is of two contents", fields, tag)
	}
	tags[tag] = body
	for _, condition := range []string{tag, `"x", ` + tag, "*"} {
		for _, method := range []string{"GET", "HEAD"} {
			again, none := c.do(t, method, kind.target, append(fields, "If-None-Match: "+condition)...)
			if again.StatusCode != 304 || none != "" || again.Header.Get("ETag") != tag ||
				fmt.Sprint(again.Header.Values("Vary")) != fmt.Sprint(h.Values("Vary")) ||
				again.Header.Get("Cache-Control") != h.Get("Cache-Control") {
				t.Errorf("%q: %s If-None-Match: %s: %s %v", fields, method, condition, again.Status,
					again.Header)
			}
		}
	}
	if other, _ := c.do(t, "GET", kind.target,
		append(fields, `If-None-Match: "other"`)...); other.StatusCode != 200 {
		t.Errorf("%q: another ETag: %s", fields, other.Status)
	}
	if cached := h.Get("Cache-Control"); strings.Contains(cached, "immutable") != kind.immutable {
		t.Errorf("Cache-Control: %s", cached)
	}
}
