package serve_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestMounts: a mount is either served or refused, by New and by the admin server. None is accepted
// that no request can reach.
func TestMounts(t *testing.T) {
	archive := files{"x": "content"}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	for _, c := range []struct {
		mount string
		path  string // where /x is then, not escaped; "" if the mount is refused
	}{
		{"", "/x"},
		{"/", "/x"},
		{"a", "/a/x"},
		{"/a", "/a/x"},
		{"/a/", "/a/x"},
		{"/a/b", "/a/b/x"},
		{"/a b/ü/100%/a?b#c", "/a b/ü/100%/a?b#c/x"},
		{`/a\b`, `/a\b/x`},
		{"/.well-known", "/.well-known/x"},
		{"/...", ""}, // hidden, as it begins with a dot
		{"//", ""},
		{"//a", ""},
		{"/a//b", ""},
		{"/a//", ""},
		{"/.", ""},
		{"/..", ""},
		{"/a/../b", ""},
		{"/a/./b", ""},
		{"..", ""},
		{"/.x", ""},
		{"/a/.git/b", ""},
		{"/private", ""}, // by HideMore
		{"/a%2fb", ""},
		{"/a%2Fb", ""},
		{"/a%20b", ""},
		{"/a\x00b", ""},
	} {
		o := serve.Options{HideMore: []string{"private"}}
		r := start(t, o)
		body, err := json.Marshal(map[string]string{"path": archive, "mount": c.mount})
		if err != nil {
			t.Fatal(err)
		}
		o.Archives = []serve.Archive{{Path: archive, Mount: c.mount}}
		s, err := serve.New(o)
		if err == nil {
			s.Close()
		}
		status, answer := admin(t, r.Server, "POST", "/archives", string(body))
		if c.path == "" {
			if !errors.Is(err, serve.ErrOption) {
				t.Errorf("%q: New: %v", c.mount, err)
			}
			if status != 400 || !strings.Contains(answer, `"error": "mount \"`) {
				t.Errorf("%q: the admin server: %d %s", c.mount, status, answer)
			}
			continue
		}
		if err != nil || status != 200 {
			t.Errorf("%q: New: %v, the admin server: %d %s", c.mount, err, status, answer)
		}
		u := url.URL{Path: c.path}
		status, got := fetch(t, plainClient, r.url(u.EscapedPath()))
		if status != 200 || got != "content" {
			t.Errorf("%q: %s: %d %q", c.mount, u.EscapedPath(), status, got)
		}
	}
}

// TestMountBelowDot: with dotfiles served, a mount may be one.
func TestMountBelowDot(t *testing.T) {
	archive := files{"x": "content"}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	r := start(t, serve.Options{Hide: []string{}, Archives: []serve.Archive{
		{Path: archive, Mount: "/.x"}}})
	if status, got := fetch(t, plainClient, r.url("/.x/x")); status != 200 || got != "content" {
		t.Errorf("%d %q", status, got)
	}
}
