package serve_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// answers compares the answers for paths with "status body".
func answers(t *testing.T, r *running, want map[string]string) {
	t.Helper()
	c := &http.Client{Transport: plainClient.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, w := range want {
		status, body := fetch(t, c, r.url(path))
		got := http.StatusText(status)
		if status == 200 {
			got = body
		}
		if got != w {
			t.Errorf("%s: %d %.60q, want %q", path, status, body, w)
		}
	}
}

// TestSeveralArchives: archives are asked in order, then mounts, then plain files.
func TestSeveralArchives(t *testing.T) {
	dir := t.TempDir()
	a := files{"x": "a", "only-a": "a", "d/x": "a", "std/x": "a below std",
		"std/y": "a below std"}.pack(t, filepath.Join(dir, "a.tar.gz"))
	b := files{"x": "b", "only-b": "b", "d/y": "b", "d/index.html": "b index"}.pack(t,
		filepath.Join(dir, "b.tar.gz"))
	m := files{"x": "std", "index.html": "std index", "404.html": "std 404", "up": "-> ../x",
		"deep/l": "-> ../x"}.pack(t, filepath.Join(dir, "std.tar.gz"))
	plain := filepath.Join(dir, "plain")
	files{
		"x": "plain", "p.txt": "plain", "d/z": "plain", "l": "-> p.txt", "out": "-> ../secret",
		"abs": "-> " + dir + "/secret", "dirout": "-> ..",
		".env": "hidden", "std/z": "plain below std",
	}.write(t, plain)
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: a}, {Path: b},
		{Path: m, Mount: "/std/"}}, Fallback: plain})
	answers(t, r, map[string]string{
		"/x": "a", "/only-a": "a", "/only-b": "b", "/d/x": "a", "/d/y": "b", "/d/": "b index",
		"/d":     "Moved Permanently",
		"/std/x": "std", "/std/y": "a below std", "/std/z": "plain below std", "/std/": "std index",
		"/std":    "Moved Permanently",
		"/std/up": "Not Found", "/std/deep/l": "std", "/std/nothing": "Not Found", "/stdx": "Not Found",
		"/p.txt": "plain", "/d/z": "plain", "/l": "plain", "/out": "Not Found", "/abs": "Not Found",
		"/dirout/secret": "Not Found", "/.env": "Not Found",
		"/nothing": "Not Found",
	})
	if _, body := fetch(t, plainClient, r.url("/std/nothing")); body != "std 404" {
		t.Errorf("the 404.html of a mount: %q", body)
	}
	if status, body := fetch(t, plainClient, r.url("/p.txt"), "Range: bytes=1-2"); status != 206 ||
		body != "la" {
		t.Errorf("range of a plain file: %d %q", status, body)
	}
}

// TestPlainLinksToHidden: a symbolic link between plain files does not lead to what is hidden, by
// its last name or on the way. An archive's links follow the same rule.
func TestPlainLinksToHidden(t *testing.T) {
	dir := t.TempDir()
	files{
		".env": "secret", ".git/config": "secret", "private/key": "secret", "a.txt": "a", "d/b": "b",
		"env": "-> .env", "d/up": "-> ../.env", "chain": "-> env", "repo": "-> .git",
		"through": "-> .git/config", "to-private": "-> private/key", "ok": "-> a.txt", "dir": "-> d",
		"back": "-> d/../a.txt", ".hidden": "-> a.txt", "via": "-> .hidden", "self": "-> self",
	}.write(t, dir)
	r := start(t, serve.Options{Fallback: dir, Listing: true, Hide: []string{".*", "private"}})
	want := map[string]string{
		"/a.txt": "a", "/ok": "a", "/dir/b": "b", "/back": "a", "/via": "a",
	}
	for _, path := range []string{"/.env", "/env", "/d/up", "/dir/up", "/chain", "/repo", "/repo/",
		"/repo/config", "/through", "/private/key", "/to-private", "/.hidden", "/self", "/self/x"} {
		want[path] = "404 Not Found\n"
	}
	for path, body := range want {
		status := 200
		if strings.HasPrefix(body, "404") {
			status = 404
		}
		if s, got := fetch(t, plainClient, r.url(path)); s != status || got != body {
			t.Errorf("%s: %d %q, want %q", path, s, got, body)
		}
	}
}

// TestPlainFileChanges replaces and edits a plain file: another entity-tag each time.
func TestPlainFileChanges(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f.txt")
	r := start(t, serve.Options{Fallback: dir})
	seen := map[string]bool{}
	for i, content := range []string{"one", "two", "three"} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, siteTime, siteTime.Add(time.Duration(i))); err != nil {
			t.Fatal(err)
		}
		resp, err := plainClient.Get(r.url("/f.txt"))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if tag := resp.Header.Get("ETag"); seen[tag] ||
			resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%v", resp.Header)
		} else {
			seen[tag] = true
		}
	}
}

// TestNested serves a directory in which archives come, change and go.
func TestNested(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files{"x": "plain", "a/x": "plain a", "a/b/x": "plain b", "a/b/only": "plain only",
		"empty/.keep": ""}.write(t, dir)
	pack := func(at, content string) {
		t.Helper()
		// It is made beside the tree and moved in, the archive last, as is good practice.
		made := files{"x": content, "in/y": content, "index.html": content}.pack(t,
			filepath.Join(t.TempDir(), "p.tar.gz"))
		for _, suffix := range []string{".tpi", ""} {
			if err := os.Rename(made+suffix, filepath.Join(dir, at, "pack.tar.gz"+suffix)); err != nil {
				t.Fatal(err)
			}
		}
	}
	pack("a", "pack a")
	r := start(t, serve.Options{Fallback: dir, Nested: true})
	becomes := func(path, want string) {
		t.Helper()
		var last string
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(
			50 * time.Millisecond) {
			if _, last = fetch(t, plainClient, r.url(path)); last == want {
				return
			}
		}
		t.Errorf("%s: %q, never %q; %s", path, last, want, r.log)
	}
	answers(t, r, map[string]string{
		"/x": "plain", "/a/x": "pack a", "/a/in/y": "pack a", "/a/": "pack a", "/a": "Moved Permanently",
		"/a/b/x": "plain b", "/a/b/only": "plain only", "/a/b/": "Not Found", "/empty/x": "Not Found",
	})
	pack("a/b", "pack b")
	becomes("/a/b/x", "pack b")
	answers(t, r, map[string]string{"/a/x": "pack a", "/a/b/x": "pack b", "/a/b/only": "plain only",
		"/a/b/": "pack b"})
	pack("empty", "pack empty")
	becomes("/empty/in/y", "pack empty")
	pack("", "pack root")
	becomes("/x", "pack root")
	pack("a", "pack a, another")
	becomes("/a/x", "pack a, another")
	// A replacement that is not an archive is refused, and the old one stays. One that is written
	// over is lost.
	rubbish := filepath.Join(t.TempDir(), "rubbish")
	if err := errors.Join(os.WriteFile(rubbish, []byte("rubbish"), 0o644),
		os.Rename(rubbish, filepath.Join(dir, "a/b/pack.tar.gz"))); err != nil {
		t.Fatal(err)
	}
	old := map[string]string{"/a/b/x": "pack b", "/a/x": "pack a, another"}
	eventually(t, "the log reports that the archive stays", func() bool {
		answers(t, r, old)
		return strings.Contains(r.log.String(), "the archive that is served stays")
	})
	answers(t, r, old)
	pack("a/b", "pack b again")
	becomes("/a/b/x", "pack b again")
	if err := os.WriteFile(filepath.Join(dir, "a/b/pack.tar.gz"), []byte("rubbish"),
		0o644); err != nil {
		t.Fatal(err)
	}
	becomes("/a/b/x", "plain b")
	for _, at := range []string{"a/", "", "empty/"} {
		if err := os.Remove(filepath.Join(dir, at+"pack.tar.gz")); err != nil {
			t.Fatal(err)
		}
	}
	becomes("/a/x", "plain a")
	becomes("/x", "plain")
	if resp, _ := fetch(t, plainClient, r.url("/empty/in/y")); resp != 404 {
		t.Errorf("gone: %d", resp)
	}
	// One without a sidecar is indexed, and then served.
	pack("a", "pack a, indexed")
	if err := os.Remove(filepath.Join(dir, "a/pack.tar.gz.tpi")); err != nil {
		t.Fatal(err)
	}
	becomes("/a/x", "pack a, indexed")
}

// TestOptions sets options that are off by default.
func TestOptions(t *testing.T) {
	name := files{"index.html": "app", "app.12ab.js": "js", "secret.txt": "x"}.pack(t,
		filepath.Join(t.TempDir(), "a.tar.gz"))
	for _, c := range clients(t, serve.Options{Archives: []serve.Archive{{Path: name}},
		SPA: true, CacheControl: "no-cache", Immutable: []string{"*.*.js"}, CORS: []string{"*"},
		Hide:   []string{"secret*"},
		Header: []serve.Field{{Name: "X-Frame-Options", Value: "DENY"}, {Name: "Server", Value: "mine"}},
	}) {
		for path, want := range map[string]string{"/": "no-cache", "/some/route": "no-cache",
			"/app.12ab.js": plan.Immutable, "/gone.js": "", "/secret.txt": ""} {
			resp, body := c.do(t, "GET", path, "Origin: https://a.example")
			h := resp.Header
			if h.Get("Cache-Control") != want || h.Get("X-Frame-Options") != "DENY" ||
				h.Get("Access-Control-Allow-Origin") != "*" ||
				strings.Join(h["Server"], "+") != "mine" || (resp.StatusCode == 200) != (want != "") {
				t.Errorf("%s: %s: %d %q %v", c.name, path, resp.StatusCode, body, h)
			}
		}
		resp, _ := c.do(t, "OPTIONS", "/app.12ab.js", "Origin: https://a.example",
			"Access-Control-Request-Method: GET")
		if resp.StatusCode != 204 || resp.Header.Get("Access-Control-Allow-Methods") == "" {
			t.Errorf("%s: preflight: %d %v", c.name, resp.StatusCode, resp.Header)
		}
	}
}
