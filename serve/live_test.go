package serve_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
)

// livePages are files of a directory that is followed. Their names do not matter for a layer.
func livePages() files {
	pages := files{"index.html": "<title>Start</title><p>wombat", "sub/link.html": "-> page.html",
		"out.html": "-> ../../outside.html", ".hidden/page.html": "<p>hidden wombat",
		"tmp/page.html": "<p>hidden wombat", "sub/page.html": "<title>Page</title><p>" +
			strings.Repeat("the same words again ", 100)}
	return pages
}

// liveSite writes livePages, and returns their directory and options that serve it below a path.
func liveSite(t *testing.T, mount string) (dir string, o serve.Options) {
	t.Helper()
	top := t.TempDir()
	dir = filepath.Join(top, "a", "doc")
	livePages().write(t, dir)
	save(t, filepath.Join(top, "outside.html"), "<p>outside wombat")
	return dir, serve.Options{Archives: []serve.Archive{{Path: dir, Mount: mount, Live: true}},
		Listing: true, CacheDir: t.TempDir(), HideMore: []string{"tmp/"}}
}

func save(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// until asks for a target until the answer has a text.
func (c *client) until(t *testing.T, target, text string, header ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		_, body := c.do(t, "GET", target, header...)
		if strings.Contains(body, text) {
			return body
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %s: %q does not come; at last:\n%s", c.name, target, text, body)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// untilPacked asks for a target until it is sent compressed.
func (c *client) untilPacked(t *testing.T, target string) string {
	t.Helper()
	return gunzip(t, c.until(t, target, "\x1f\x8b", "Accept-Encoding: gzip"))
}

const findText = "?list&in=text&format=json&q="

// TestLive: files are served at once, compressed when they are packed, and what a search finds
// follows each change. A hidden file and one outside are never found.
func TestLive(t *testing.T) {
	for _, mount := range []string{"", "/std/lib"} {
		dir, o := liveSite(t, mount)
		for _, c := range clients(t, o) {
			page := filepath.Join(dir, "sub", "page.html")
			save(t, page, livePages()["sub/page.html"])
			resp, body := c.do(t, "GET", mount+"/sub/page.html")
			if body != livePages()["sub/page.html"] ||
				resp.Header.Get("Vary") != "Accept-Encoding" ||
				resp.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s: %v\n%s", c.name, resp.Header, body)
			}
			if got := c.untilPacked(t, mount+"/sub/page.html"); got != body {
				t.Errorf("%s: packed: %s", c.name, got)
			}
			liveValidators(t, c, mount+"/sub/page.html")
			c.until(t, mount+"/"+findText+"again", "page.html")
			for _, query := range []string{"wombat&in=text", "page", "html"} {
				body := c.until(t, mount+"/?list&format=json&q="+query, "entries")
				if strings.Contains(body, "hidden") || strings.Contains(body, "outside") ||
					strings.Contains(body, "tmp/") || strings.Contains(body, "out.html") {
					t.Errorf("%s: a search for %s shows what is hidden: %s", c.name, query, body)
				}
			}
			for path, want := range map[string]int{"/out.html": 404, "/.hidden/page.html": 404,
				"/tmp/page.html": 404, "/sub/link.html": 200, "/sub/": 200, "/none.html": 404} {
				if resp, _ := c.do(t, "GET", mount+path); resp.StatusCode != want {
					t.Errorf("%s: %s: %d, want %d", c.name, path, resp.StatusCode, want)
				}
			}

			save(t, page, "<title>Page</title><p>aardvark "+c.name)
			if _, body := c.do(t, "GET", mount+"/sub/page.html"); !strings.HasSuffix(body, c.name) {
				t.Errorf("%s: an old answer: %s", c.name, body)
			}
			c.until(t, mount+"/"+findText+"aardvark", "page.html")
			if _, body := c.do(t, "GET", mount+"/"+findText+"again"); strings.Contains(body, "page.html") {
				t.Errorf("%s: the old text is found: %s", c.name, body)
			}
		}
	}
}

// liveValidators checks the validators of a packed file: those of the codings differ, and each
// gives a 304.
func liveValidators(t *testing.T, c *client, target string) {
	t.Helper()
	tags := map[string]bool{}
	for _, accept := range []string{"gzip", "identity"} {
		resp, _ := c.do(t, "GET", target, "Accept-Encoding: "+accept)
		tag := resp.Header.Get("Etag")
		tags[tag] = true
		again, _ := c.do(t, "GET", target, "Accept-Encoding: "+accept, "If-None-Match: "+tag)
		if again.StatusCode != 304 || again.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %s: %d, %v", c.name, target, again.StatusCode, again.Header)
		}
	}
	if len(tags) != 2 || tags[""] {
		t.Errorf("%s: %s: %v", c.name, target, tags)
	}
}

// TestLiveComesAndGoes: the directory is not there at first, is replaced by renaming, and removed.
// Another directory of the same mount is served all the time.
func TestLiveComesAndGoes(t *testing.T) {
	top := t.TempDir()
	doc, next := filepath.Join(top, "doc"), filepath.Join(top, "next")
	save(t, filepath.Join(top, "other", "here.html"), "<p>here")
	s := start(t, serve.Options{Listing: true, CacheDir: t.TempDir(), Archives: []serve.Archive{
		{Path: doc, Mount: "/doc", Live: true}, {Path: filepath.Join(top, "other"), Live: true},
		{Path: filepath.Join(top, "none"), Live: true},
	}}, serve.RunOptions{Watch: true})
	c := newClient("tcp", "http://"+s.addresses[0], &http.Transport{})
	if resp, _ := c.do(t, "GET", "/doc/page.html"); resp.StatusCode != 503 {
		t.Errorf("not there: %d", resp.StatusCode)
	}
	if resp, body := c.do(t, "GET", "/here.html"); body != "<p>here" {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	save(t, filepath.Join(doc, "page.html"), "<p>first")
	c.until(t, "/doc/page.html", "first")
	c.until(t, "/?list&format=json&q=page", "page.html")
	c.until(t, "/"+findText+"first", "page.html")

	save(t, filepath.Join(next, "page.html"), "<p>second")
	if err := os.Rename(doc, filepath.Join(top, "former")); err != nil {
		t.Fatal(err)
	}
	c.until(t, "/doc/page.html", "503")
	if err := os.Rename(next, doc); err != nil {
		t.Fatal(err)
	}
	c.until(t, "/doc/page.html", "second")
	c.until(t, "/"+findText+"second", "page.html")
	if err := os.RemoveAll(doc); err != nil {
		t.Fatal(err)
	}
	c.until(t, "/doc/page.html", "503")
	if _, body := c.do(t, "GET", "/"+findText+"second"); strings.Contains(body, "page.html") {
		t.Errorf("a file that is gone is found: %s", body)
	}
}

// TestLiveRestart: what was packed is used again, and what a killed server left is removed.
func TestLiveRestart(t *testing.T) {
	_, o := liveSite(t, "")
	s := start(t, o, serve.RunOptions{})
	c := newClient("tcp", "http://"+s.addresses[0], &http.Transport{})
	c.untilPacked(t, "/sub/page.html")
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	layers, err := filepath.Glob(filepath.Join(o.CacheDir, "live", "*", "*.tar.gz"))
	if err != nil || len(layers) != 1 {
		t.Fatal(layers, err)
	}
	before, err := os.Stat(layers[0])
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(filepath.Dir(layers[0]), "000000007.tar.gz")
	save(t, left, "a part of an archive")
	s = start(t, o, serve.RunOptions{})
	c = newClient("tcp", "http://"+s.addresses[0], &http.Transport{})
	c.untilPacked(t, "/sub/page.html")
	c.until(t, "/"+findText+"again", "page.html")
	if after, err := os.Stat(layers[0]); err != nil || !os.SameFile(before, after) {
		t.Errorf("packed again: %v", err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%s: %v", left, err)
	}
}
