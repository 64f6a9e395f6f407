package serve_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/serve"
)

// mountedSite returns options with archives and directories at many mounts.
func mountedSite(t *testing.T) serve.Options {
	dir := t.TempDir()
	pack := func(name string, f files) string { return f.pack(t, filepath.Join(dir, name)) }
	plain := func(name string, f files) string {
		f.write(t, filepath.Join(dir, name))
		return filepath.Join(dir, name)
	}
	o := listed(
		serve.Archive{Path: plain("d", files{"f.txt": "plain f", "sub/g.txt": "plain g",
			"both.txt": "plain both", ".env": "hidden", "sub/v9/x": "plain x"}), Mount: "/x"},
		serve.Archive{Path: pack("v1.tar.gz", files{"one.txt": "one"}), Mount: "/docs/v1"},
		serve.Archive{Path: pack("v2.tar.gz", files{"two.txt": "two"}), Mount: "/docs/v2/"},
		serve.Archive{Path: pack("x.tar.gz", files{"both.txt": "archived both", "sub/a.txt": "a"}),
			Mount: "x"},
		serve.Archive{Path: pack("root.tar.gz", files{"root.txt": "root", "deep": "a file",
			"x/f.txt": "hidden by the directory", "x/root.txt": "below it"})},
		serve.Archive{Path: pack("deep.tar.gz", files{"d.txt": "d"}), Mount: "/deep/er/est"},
		serve.Archive{Path: plain("p", files{"p.txt": "p"}), Mount: "/plain/only"},
	)
	o.Fallback = plain("fallback", files{"fall.txt": "fall", "docs/own.txt": "own",
		"docs/v1/one.txt": "hidden by the archive", "docs/v1/late.txt": "late"})
	return o
}

func TestMountsAndFolders(t *testing.T) {
	for _, c := range clients(t, mountedSite(t)) {
		t.Run(c.name, func(t *testing.T) {
			for _, test := range []struct {
				target string
				status int
				want   string // the content, the names in a list, or a Location
			}{
				{"/", 200, "deep/ docs/ plain/ x/ fall.txt root.txt"},
				{"/docs", 301, "./docs/"},
				{"/docs/", 200, "v1/ v2/ own.txt"},
				{"/docs/v1", 301, "./v1/"},
				{"/docs/v1/", 200, "late.txt one.txt"},
				{"/docs/v1/one.txt", 200, "one"},
				{"/docs/v1/late.txt", 200, "late"},
				{"/docs/v2/", 200, "two.txt"},
				{"/docs/own.txt", 200, "own"},
				{"/docs/v3/", 404, ""},
				{"/deep", 301, "./deep/"}, // the file has no address below a mount
				{"/deep/", 200, "er/"},
				{"/deep/er/", 200, "est/"},
				{"/deep/er/est/d.txt", 200, "d"},
				{"/plain/", 200, "only/"},
				{"/plain/only/", 200, "p.txt"},
				{"/plain/only/p.txt", 200, "p"},
				{"/x/", 200, "sub/ both.txt f.txt root.txt"},
				{"/x/f.txt", 200, "plain f"},
				{"/x/both.txt", 200, "archived both"}, // archives come first
				{"/x/root.txt", 200, "below it"},
				{"/x/sub", 301, "./sub/"},
				{"/x/sub/", 200, "v9/ a.txt g.txt"},
				{"/x/sub/g.txt", 200, "plain g"},
				{"/x/.env", 404, ""},
				{"/?q=f.txt", 200, "x/f.txt"},
				{"/?q=both", 200, "x/both.txt"},
				{"/?q=one", 200, "docs/v1/one.txt"},
				{"/?q=deep", 200, ""},
				{"/?q=.env", 200, ""},
				{"/?q=g.txt", 200, "x/sub/g.txt"},
				{"/?q=p.txt", 200, "plain/only/p.txt"},
			} {
				query := strings.Contains(test.target, "?")
				if test.status == 200 && (query || strings.HasSuffix(test.target, "/")) {
					target := test.target + map[bool]string{true: "&format=json", false: "?format=json"}[query]
					l, names := list(t, c, target)
					for i := range names {
						if l.Entries[i].Type == "dir" {
							names[i] += "/"
						}
					}
					if query {
						slices.Sort(names)
					}
					if got := strings.Join(names, " "); got != test.want {
						t.Errorf("%s: %q, want %q", test.target, got, test.want)
					}
					continue
				}
				resp, body := c.do(t, "GET", test.target)
				got := ""
				switch resp.StatusCode {
				case 200:
					got = body
				case 301:
					got = resp.Header.Get("Location")
				}
				if resp.StatusCode != test.status || got != test.want {
					t.Errorf("%s: %d %q, want %d %q", test.target, resp.StatusCode, got, test.status,
						test.want)
				}
			}
		})
	}
}

// TestMountLinks: symbolic links in a mounted directory lead neither out of it nor to hidden files.
func TestMountLinks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	files{"a.txt": "a", ".env": "secret", "sub/b.txt": "b"}.write(t, dir)
	files{"outside": "outside"}.write(t, filepath.Dir(dir))
	for name, target := range map[string]string{
		"env": ".env", "out": "../outside", "in": "sub", "loop": "loop"} {
		filetest.NeedSymlinks(t)
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range clients(t, listed(serve.Archive{Path: dir, Mount: "/m"})) {
		for target, want := range map[string]int{"/m/a.txt": 200, "/m/in/b.txt": 200, "/m/env": 404,
			"/m/out": 404, "/m/loop": 404} {
			if resp, body := c.do(t, "GET", target); resp.StatusCode != want {
				t.Errorf("%s: %s: %d %q", c.name, target, resp.StatusCode, body)
			}
		}
	}
}

// TestMountWaits: below the mount of an archive that is not there, the answer is 503 until a reload
// finds it. What is served already stays when its file is removed.
func TestMountWaits(t *testing.T) {
	dir := t.TempDir()
	root := files{"a.txt": "a", "docs/b.txt": "b"}.pack(t, filepath.Join(dir, "root.tar.gz"))
	later, plain := filepath.Join(dir, "later.tar.gz"), filepath.Join(dir, "plain")
	r := start(t, listed(serve.Archive{Path: root},
		serve.Archive{Path: later, Mount: "/docs/v1", Wait: true},
		serve.Archive{Path: plain, Mount: "/plain", Wait: true}))
	want := func(target string, status int, content string) {
		t.Helper()
		resp, err := plainClient.Get(r.url(target))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status || (resp.Header.Get("Retry-After") != "") != (status == 503) {
			t.Errorf("%s: %d %v, want %d", target, resp.StatusCode, resp.Header, status)
		}
		if _, body := fetch(t, plainClient, r.url(target)); status == 200 && body != content {
			t.Errorf("%s: %q, want %q", target, body, content)
		}
	}
	want("/a.txt", 200, "a")
	want("/docs/b.txt", 200, "b")
	want("/docs/v1", 503, "")
	want("/docs/v1/one.txt", 503, "")
	want("/plain/p.txt", 503, "")
	if _, body := fetch(t, plainClient, r.url("/")); strings.Contains(body, "plain") {
		t.Error("what is not there is listed")
	}
	for range 2 {
		if err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(r.log.String(), "not there yet"); n != 2 {
		t.Errorf("%d messages: %q", n, r.log.String())
	}
	files{"one.txt": "one"}.pack(t, later)
	files{"p.txt": "p"}.write(t, plain)
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	want("/docs/v1/one.txt", 200, "one")
	want("/docs/b.txt", 200, "b")
	want("/plain/p.txt", 200, "p")
	if err := os.Remove(later); err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(t.Context()); err == nil {
		t.Error("a served archive is gone, and the reload says nothing")
	}
	want("/docs/v1/one.txt", 200, "one")
	// A directory that is replaced is opened again.
	if err := os.Rename(plain, plain+".old"); err != nil {
		t.Fatal(err)
	}
	files{"q.txt": "q"}.write(t, plain)
	files{"one.txt": "new"}.pack(t, later)
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	want("/docs/v1/one.txt", 200, "new")
	want("/plain/q.txt", 200, "q")
	want("/plain/p.txt", 404, "")
	// Without Wait, a file that is missing is an error.
	s, err := serve.New(listed(serve.Archive{Path: filepath.Join(dir, "gone"), Mount: "/x"}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Load(t.Context()); !os.IsNotExist(err) && !strings.Contains(fmt.Sprint(err), "gone") {
		t.Errorf("a missing archive: %v", err)
	}
}
