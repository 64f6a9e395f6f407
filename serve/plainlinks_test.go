package serve_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/serve"
)

// TestPlainLinks: a symbolic link among plain files is listed and found only if it is answered.
func TestPlainLinks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plain")
	files{".secret": "s", ".git/x": "s", "hid/x": "s", "ok/x": "x", "plain": "p"}.write(t, dir)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("o"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"ln-secret": ".secret", "ln-git": ".git",
		"ln-in-git": ".git/x", "ln-hid": "hid", "ln-out": outside, "ln-up": "../../x",
		"ln-gone": "gone", "ln-loop": "ln-loop", "ln-chain": "ln-git", "ln-file": "plain",
		"ln-dir": "ok"} {
		filetest.NeedSymlinks(t)
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	o := serve.Options{Listing: true, HideMore: []string{"hid/"}}
	mounted, fallback := o, o
	mounted.Archives = []serve.Archive{{Path: dir, Mount: "/m"}}
	fallback.Fallback = dir
	for prefix, o := range map[string]serve.Options{"/m/": mounted, "/": fallback} {
		for _, c := range clients(t, o) {
			for _, target := range []string{prefix + "?format=json", "/?format=json&q=ln-"} {
				l, names := list(t, c, target)
				var links []string
				for _, name := range names {
					if name = name[strings.LastIndexByte(name, '/')+1:]; strings.HasPrefix(name, "ln-") {
						links = append(links, name)
					}
				}
				if !slices.Equal(links, []string{"ln-dir", "ln-file"}) {
					t.Errorf("%s: %s: %q: %+v", c.name, target, links, l)
				}
			}
			for name, want := range map[string]int{"ln-secret": 404, "ln-git/x": 404, "ln-hid/x": 404,
				"ln-out": 404, "ln-file": 200, "ln-dir/x": 200} {
				if resp, _ := c.do(t, "GET", prefix+name); resp.StatusCode != want {
					t.Errorf("%s: %s: %d", c.name, name, resp.StatusCode)
				}
			}
		}
	}
}

// TestPlainMedia: the media type of a plain file in JSON is the one that it is sent with.
func TestPlainMedia(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plain")
	files{"a.rs": "fn main() {}\n", "b": "text", "c.md": "é\n", "d.bin": "\x00\x01", "e.txt": "",
		"f.html": "<!DOCTYPE html><p>é", "g.yaml": "a: é", "h": "\x89PNG\r\n\x1a\n"}.write(t, dir)
	for _, c := range clients(t, serve.Options{Listing: true,
		Archives: []serve.Archive{{Path: dir, Mount: "/m"}}}) {
		for _, target := range []string{"/m/?format=json", "/?format=json&q=m/"} {
			l, names := list(t, c, target)
			if len(names) < 8 {
				t.Fatalf("%q", names)
			}
			for _, e := range l.Entries {
				path := "/m/" + e.Name[strings.LastIndexByte(e.Name, '/')+1:]
				resp, _ := c.do(t, "GET", path)
				if got := resp.Header.Get("Content-Type"); got != e.Media && e.Type == "file" {
					t.Errorf("%s: %s: %s is sent, %s is shown", c.name, path, got, e.Media)
				}
			}
		}
	}
}
