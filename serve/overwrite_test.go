package serve_test

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
)

// overwritten are files of two generations with the same sizes, so that one's archive can be
// written over the other's.
func overwritten(n int) files {
	fs := files{}
	for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
		fs[name+".bin"] = noise(n + 30_000 + 100*i)[:20_000]
	}
	fs["film.mp4"] = noise(n + 24<<20)[:24<<20]
	fs["z.bin"] = noise(n + 20_100)[:20_000]
	return fs
}

// checkAnswers asks for files in all ways that name an ETag, and wants this status.
func checkAnswers(t *testing.T, c *client, tag string, want ...int) {
	t.Helper()
	ask := func(method, target string, header ...string) {
		t.Helper()
		resp, _ := c.do(t, method, target, header...)
		for _, status := range want {
			if resp.StatusCode == status && (status != 503) == (resp.Header.Get("Retry-After") == "") {
				return
			}
		}
		t.Errorf("%s: %s %s %q: %d, Retry-After %q", c.name, method, target, header, resp.StatusCode,
			resp.Header.Get("Retry-After"))
	}
	ask("GET", "/a.bin")
	ask("GET", "/film.mp4")
	ask("HEAD", "/a.bin")
	ask("GET", "/a.bin", "If-None-Match: "+tag)
	ask("GET", "/film.mp4", "Range: bytes=1000000-1000009")
	ask("GET", "/a.bin", "Range: bytes=0-9,100-109")
	ask("GET", "/?list&format=json")
	ask("GET", "/?list&q=film")
	ask("GET", "/?download=tar.gz")
	ask("GET", "/?download=zip")
}

// TestOverwritten: while a program has the archive open and has written to it, all answers are 503
// with Retry-After (RFC 9110 §15.6.4), also those without a body. A download under way ends
// normally only with the old content. When the program has closed the archive and it is right, it
// is served again, without being told. The log has one line about it.
func TestOverwritten(t *testing.T) {
	tree := overwritten(0)
	tree["map.pbf"] = gzipped(noise(12 << 20))
	name := tree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	all := clients(t, serve.Options{Archives: []serve.Archive{{Path: name}}, Listing: true})
	resp, _ := all[0].do(t, "GET", "/a.bin")
	tag := resp.Header.Get("ETag")
	for _, c := range all {
		if body := mustGet(t, c, "/a.bin"); body != tree["a.bin"] {
			t.Fatalf("%s: %d bytes", c.name, len(body))
		}
	}
	type download struct{ path, header, right string }
	downloads := []download{{"/film.mp4", "X: x", ""}, {"/?download=zip", "X: x", ""},
		{"/?download=tar.gz", "X: x", ""}, {"/film.mp4", "Accept-Encoding: gzip", ""},
		{"/film.mp4", "Range: bytes=5-20000000", ""},
		{"/film.mp4", "Range: bytes=0-9,100-20000000", ""},
		{"/map.pbf", "Accept-Encoding: gzip", ""}, {"/map.pbf", "Accept-Encoding: identity", ""}}
	for i, d := range downloads {
		_, downloads[i].right = all[0].do(t, "GET", d.path, d.header)
	}
	var begun []*http.Response
	for _, c := range all {
		for _, d := range downloads {
			req, _ := http.NewRequest("GET", c.base+d.path, nil)
			name, value, _ := strings.Cut(d.header, ": ")
			req.Header.Set(name, value)
			resp, err := c.http.Do(req)
			if err != nil || resp.StatusCode > 206 {
				t.Fatal(err, resp)
			}
			begun = append(begun, resp)
		}
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	old := readFile(t, name)
	if _, err := f.WriteAt([]byte(strings.Repeat("wrong", len(old)/10)), 100); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for i, resp := range begun {
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		d := downloads[i%len(downloads)]
		if err != nil {
			failed++
		} else if !sameBody(resp, string(b), d.right) {
			t.Errorf("%s: %s, %s: a download of %d bytes ended normally with what was written over it",
				all[i/len(downloads)].name, d.path, d.header, len(b))
		}
	}
	if failed == 0 {
		t.Error("all downloads had ended before")
	}
	for _, c := range all {
		checkAnswers(t, c, tag, 503)
		for _, header := range []string{"Accept-Encoding: gzip", "Accept-Encoding: identity"} {
			if resp, _ := c.do(t, "GET", "/map.pbf", header); resp.StatusCode != 503 {
				t.Errorf("%s: map.pbf, %s: %s", c.name, header, resp.Status)
			}
		}
	}
	if _, err := f.WriteAt([]byte(old), 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		checkAnswers(t, c, tag, 503) // it is right again, but still open for writing
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		eventually(t, "200 again", func() bool {
			resp, body := c.do(t, "GET", "/a.bin")
			return resp.StatusCode == 200 && body == tree["a.bin"]
		})
		eventually(t, "all is served", func() bool {
			resp, _ := c.do(t, "GET", "/?download=tar.gz")
			return resp.StatusCode == 200
		})
		if status, _ := fetch(t, c.http, c.base+"/a.bin", "If-None-Match: "+tag); status != 304 {
			t.Errorf("%s: %d", c.name, status)
		}
	}
}

// sameBody compares the body of an answer with the right one. The boundary between parts is another
// one each time (RFC 2046 §5.1.1).
func sameBody(resp *http.Response, body, right string) bool {
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err == nil && params["boundary"] != "" && len(body) == len(right) {
		at := strings.Index(body, params["boundary"])
		body = strings.ReplaceAll(body, params["boundary"], right[at:at+len(params["boundary"])])
	}
	return body == right
}

// mustGet gets a path that must be there.
func mustGet(t *testing.T, c *client, path string) string {
	t.Helper()
	resp, body := c.do(t, "GET", path)
	if resp.StatusCode != 200 {
		t.Fatalf("%s: %s: %s", c.name, path, resp.Status)
	}
	return body
}

// TestOverwrittenLog: one line when an archive is written over.
func TestOverwrittenLog(t *testing.T) {
	name := files{"x": "content"}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}}})
	if err := os.Truncate(name, 0); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if status, _ := fetch(t, plainClient, r.url("/x")); status != 503 {
			t.Fatal(status)
		}
	}
	if n := strings.Count(r.log.String(), name); n == 0 || strings.Count(r.log.String(),
		"written over") != 1 || n > 2 {
		t.Errorf("%s", r.log)
	}
	// Another archive, without its index. The old one does not fit.
	other := files{"x": "new content"}.pack(t, filepath.Join(t.TempDir(), "b.tar.gz"))
	if err := os.WriteFile(name, []byte(readFile(t, other)), 0o644); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new content", func() bool {
		_, body := fetch(t, plainClient, r.url("/x"))
		return body == "new content"
	})
	if n := strings.Count(r.log.String(), "written over"); n != 1 {
		t.Errorf("%s", r.log)
	}
}

// TestHalfCopied: a copy over the archive has stopped halfway and the server is started again. The
// old index and the old trailer are in place. Members that are still right are answered, and others
// are 500: also for HEAD, If-None-Match and ranges, and in downloads.
func TestHalfCopied(t *testing.T) {
	dir := t.TempDir()
	tree := overwritten(0)
	name := tree.pack(t, filepath.Join(dir, "a.tar.gz"))
	b, err := os.ReadFile(overwritten(1).pack(t, filepath.Join(dir, "b.tar.gz")))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt(b[:len(b)/2], 0)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}}})
	c := newClient("tcp", "http://"+r.addresses[0], &http.Transport{})
	for range 2 { // while it is checked, and afterwards
		for path, content := range tree {
			want := 500
			if path == "z.bin" {
				want = 200
			}
			for _, header := range []string{"X: x", "If-None-Match: *", "Range: bytes=0-9"} {
				resp, body := c.do(t, "GET", "/"+path, header)
				if want == 200 && (resp.StatusCode > 304 || header == "X: x" && body != content) ||
					want == 500 && resp.StatusCode != 500 {
					t.Errorf("%s, %s: %d, %d bytes", path, header, resp.StatusCode, len(body))
				}
			}
			if resp, _ := c.do(t, "HEAD", "/"+path); resp.StatusCode != want {
				t.Errorf("HEAD %s: %d", path, resp.StatusCode)
			}
		}
		eventually(t, "the check", func() bool {
			return strings.Contains(r.log.String(), "it is not what its index describes: 7 files")
		})
	}
	for _, download := range []string{"tar.gz", "zip", "tpi"} {
		if resp, _ := c.do(t, "GET", "/?download="+download); resp.StatusCode != 500 {
			t.Errorf("%s: %d", download, resp.StatusCode)
		}
	}
}

// TestTimeSetBack: the archive is written over with one of the same size, and its modification time
// is set back. No answer has bytes of the new one under the old ETag. A change of attributes alone
// is no reason for an error.
func TestTimeSetBack(t *testing.T) {
	dir := t.TempDir()
	tree, other := files{"x": noise(5000)}, files{"x": noise(5001)[:5000]}
	name := tree.pack(t, filepath.Join(dir, "a.tar.gz"))
	over := readFile(t, other.pack(t, filepath.Join(dir, "b.tar.gz")))
	if len(over) != len(readFile(t, name)) {
		t.Fatal("the archives have different sizes")
	}
	if err := os.Chtimes(name, siteTime, siteTime); err != nil {
		t.Fatal(err)
	}
	all := clients(t, serve.Options{Archives: []serve.Archive{{Path: name}}})
	for range 20 {
		if err := os.Chmod(name, 0o640); err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if resp, body := c.do(t, "GET", "/x"); resp.StatusCode != 200 || body != tree["x"] {
				t.Fatalf("%s, after chmod: %d", c.name, resp.StatusCode)
			}
		}
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt([]byte(over), 0)
	}
	if err := errors.Join(err, f.Close(), os.Chtimes(name, siteTime, siteTime)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for range 20 {
		for _, c := range all {
			resp, body := c.do(t, "GET", "/x")
			if resp.StatusCode == 200 && body != other["x"] || resp.StatusCode == 304 {
				t.Fatalf("%s: %d, %d bytes after %v", c.name, resp.StatusCode, len(body), time.Since(began))
			}
		}
	}
}

// TestOverwrittenIndex: the index is written over, not the archive. What was read of it is in
// memory, and its download is what it was.
func TestOverwrittenIndex(t *testing.T) {
	tree := files{"x": "content"}
	name := tree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	index := readFile(t, name+".tpi")
	all := clients(t, serve.Options{Archives: []serve.Archive{{Path: name}}, Listing: true})
	if err := os.WriteFile(name+".tpi", []byte(strings.Repeat("x", len(index))), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if body := mustGet(t, c, "/x"); body != "content" {
			t.Errorf("%s: %q", c.name, body)
		}
		for _, header := range []string{"X: x", "Range: bytes=100-"} {
			resp, body := c.do(t, "GET", "/?download=tpi", header)
			if want := index[len(index)-len(body):]; resp.StatusCode > 206 || body != want ||
				header == "X: x" && body != index {
				t.Errorf("%s: %s: %d bytes that are not the index's", c.name, resp.Status, len(body))
			}
		}
	}
}

// TestAttributes: a change of attributes is no change of content. That is so for an archive of the
// caller, and for one whose index is in memory only.
func TestAttributes(t *testing.T) {
	tree := files{"x": "content"}
	for what, open := range map[string]func(name string) serve.Archive{
		"by name": func(name string) serve.Archive { return serve.Archive{Path: name} },
		"the caller's": func(name string) serve.Archive {
			a, err := tarpack.Open(t.Context(), name, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = a.Close() })
			return serve.Archive{Opened: a}
		},
		"the caller's, without an index": func(name string) serve.Archive {
			if err := os.Remove(name + ".tpi"); err != nil {
				t.Fatal(err)
			}
			a, err := tarpack.Open(t.Context(), name, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = a.Close() })
			return serve.Archive{Opened: a}
		},
	} {
		t.Run(what, func(t *testing.T) {
			name := tree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
			r := start(t, serve.Options{Archives: []serve.Archive{open(name)}, Listing: true})
			if err := os.Chmod(name, 0o640); err != nil {
				t.Fatal(err)
			}
			if status, body := fetch(t, plainClient, r.url("/x")); status != 200 || body != "content" {
				t.Errorf("after chmod: %d", status)
			}
			eventually(t, "a download", func() bool {
				status, _ := fetch(t, plainClient, r.url("/?download=zip"))
				return status == 200
			})
			f, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteAt([]byte("wrong"), 20)
			}
			if err := errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
			if status, _ := fetch(t, plainClient, r.url("/x")); status != 503 {
				t.Errorf("written over: %d", status)
			}
			eventually(t, "a line in the log", func() bool {
				return strings.Count(r.log.String(), "written over") == 1
			})
		})
	}
}

// TestOverwrittenBeside: while an archive is written over, the folder pages of another mount are as
// before, except that none of them offers a comparison with it.
func TestOverwrittenBeside(t *testing.T) {
	dir := t.TempDir()
	left := files{"s/a.txt": "left"}.pack(t, filepath.Join(dir, "left.tar.gz"))
	right := files{"s/a.txt": "right"}.pack(t, filepath.Join(dir, "right.tar.gz"))
	o := serve.Options{Listing: true, Archives: []serve.Archive{
		{Path: left, Mount: "/a"}, {Path: right, Mount: "/b"}}}
	all := clients(t, o)
	for _, c := range all {
		if body := mustGet(t, c, "/a/s/?list"); !strings.Contains(body, "list=compare") {
			t.Errorf("%s: no comparison is offered", c.name)
		}
	}
	f, err := os.OpenFile(right, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("other"), 600); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if resp, _ := c.do(t, "GET", "/b/s/a.txt"); resp.StatusCode != 503 {
			t.Errorf("%s: what is written over: %s", c.name, resp.Status)
		}
		body := mustGet(t, c, "/a/s/?list")
		if !strings.Contains(body, "a.txt") || strings.Contains(body, "list=compare") {
			t.Errorf("%s: beside it: %s", c.name, body)
		}
	}
}
