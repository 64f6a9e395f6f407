package serve_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// viewed are files that pages of files are made of.
var viewed = files{
	"docs/guide.md": "# A guide\n" + strings.Repeat("More. ", 400), "docs/copy.md": "# A guide\n" +
		strings.Repeat("More. ", 400),
	"start": "-> docs/guide.md", "secret": "-> .env", ".env": "hidden words", "empty": "",
	"page.html":  "<title>x</title><script>alert(1)</script>",
	"folder/x.c": "int main;\n", "no/kept.txt": "the same secret", "yes.txt": "the same secret",
	"<b>&\"'.txt": "</section><b>bold</b>\n", "noise.bin": noise(70000),
}

// TestFileView: the page of a file, of an archive and of a plain directory.
func TestFileView(t *testing.T) {
	name := viewed.pack(t, filepath.Join(t.TempDir(), "Some Site.tar.gz"))
	plain := filepath.Join(t.TempDir(), "plain")
	viewed.write(t, plain)
	for kind, o := range map[string]serve.Options{"archive": {Archives: []serve.Archive{{Path: name}}},
		"plain": {Fallback: plain}} {
		o.Listing, o.HideMore = true, []string{"no/"}
		for _, c := range clients(t, o) {
			for target, want := range map[string]int{
				"/docs/guide.md?list=view": 200, "/start?list=view": 200, "/empty?list=view": 200,
				"/page?list=view": 301, "/noise.bin?list=view&as=hex": 200, "/noise.bin?list=view": 200,
				"/docs/guide.md?list=view&as=hex": 200, "/%3Cb%3E&%22'.txt?list=view": 200,
				"/nothing?list=view": 404, "/.env?list=view": 404, "/secret?list=view": 404,
				"/no/kept.txt?list=view": 404, "/docs/guide.md/?list=view": 404,
				"/docs/guide.md?list=view&as=nothing": 400, "/docs/guide.md?list=view&%zz": 400,
			} {
				resp, body := c.do(t, "GET", target)
				if resp.StatusCode != want {
					t.Errorf("%s, %s: %s: %d, want %d", kind, c.name, target, resp.StatusCode, want)
				}
				if strings.Contains(body, "hidden words") || strings.Contains(body, "kept.txt") {
					t.Errorf("%s: %s shows what is hidden: %s", kind, target, body)
				}
				if want != 200 {
					continue
				}
				for _, word := range []string{"<b>", "<script>alert", "</section><b"} {
					if strings.Contains(body, word) {
						t.Errorf("%s: %s has %q of the file", kind, target, word)
					}
				}
				viewHeaders(t, c, target, "Herunterladen")
			}
		}
	}
}

// viewHeaders checks what HTTP promises of a page of a file.
// german is a word of it in German.
func viewHeaders(t *testing.T, c *client, target, german string) {
	t.Helper()
	resp, body := c.do(t, "GET", target, "Accept-Encoding: gzip")
	h := resp.Header
	if h.Get("Content-Encoding") == "gzip" {
		body = gunzip(t, body)
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "text/html") || h.Get("Etag") == "" ||
		!strings.Contains(strings.Join(h.Values("Vary"), ", "), "Accept-Language") ||
		!strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") ||
		!strings.HasSuffix(body, "</html>\n") {
		t.Errorf("%s: %v: %s", target, h, body)
	}
	head, none := c.do(t, "HEAD", target, "Accept-Encoding: gzip")
	if none != "" || head.Header.Get("Content-Length") != h.Get("Content-Length") {
		t.Errorf("%s: HEAD: %v", target, head.Header)
	}
	again, none := c.do(t, "GET", target, "Accept-Encoding: gzip", "If-None-Match: "+h.Get("Etag"))
	if again.StatusCode != 304 || none != "" {
		t.Errorf("%s: If-None-Match: %d", target, again.StatusCode)
	}
	answer, words := c.do(t, "GET", target, "Accept-Language: de")
	if answer.Header.Get("Etag") == h.Get("Etag") || !strings.Contains(words, german) {
		t.Errorf("%s in German: %v", target, answer.Header)
	}
}

// TestFileViewFacts: what is known of a file, which differs by how it is kept.
func TestFileViewFacts(t *testing.T) {
	name := viewed.pack(t, filepath.Join(t.TempDir(), "Some Site.tar.gz"))
	o := serve.Options{Listing: true, HideMore: []string{"no/"},
		Archives: []serve.Archive{{Path: name, Mount: "/m"}}}
	c := clients(t, o)[0]
	for target, want := range map[string][]string{
		"/m/docs/copy.md": {"<title>copy.md</title>", ">text/plain<", "2.4 kB", "xxHash64", "CRC-32",
			`href="./copy.md"`, `href="../../?list"`, "/m/docs/copy.md", "More. More."},
		"/m/docs/guide.md": {`<a href="../../m/docs/copy.md?list=view">`, "Kept once"},
		"/m/start": {`<a href="../m/docs/guide.md?list=view">`, "Link to", "docs/guide.md",
			`href="./start"`, "More. More."},
		"/m/empty":     {"This file is empty.", "0 B"},
		"/m/noise.bin": {"00000000  ", "application/octet-stream"},
	} {
		_, body := c.do(t, "GET", target+"?list=view")
		for _, word := range want {
			if !strings.Contains(body, word) {
				t.Errorf("%s has no %q: %s", target, word, body)
			}
		}
	}
	_, body := c.do(t, "GET", "/m/yes.txt?list=view")
	if !strings.Contains(body, "the same secret") || strings.Contains(body, "Kept once") {
		t.Errorf("a hard link to what is hidden: %s", body)
	}
}
