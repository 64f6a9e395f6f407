package serve_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestETagWanted: with etag, an address answers with nothing but that content. Without the key
// list, a query means nothing.
func TestETagWanted(t *testing.T) {
	name := files{"d/a": words(3000), "d/b": "b"}.pack(t,
		filepath.Join(t.TempDir(), "site.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: name})) {
		for _, target := range []string{"/d/a?list", "/d/?list&download=tar.gz", "/d/?list&download=zip",
			"/?list&download=tpi", "/d/?list&download=zip&name=a"} {
			resp, whole := c.do(t, "GET", target, "Accept-Encoding: identity")
			tag := strings.Trim(resp.Header.Get("ETag"), `"`)
			for _, method := range []string{"GET", "HEAD"} {
				if resp, _ := c.do(t, method, target+"&etag="+tag); resp.StatusCode != 200 {
					t.Errorf("%s %s: %d", method, target, resp.StatusCode)
				}
				resp, body := c.do(t, method, target+"&etag=0123456789abcdef", "Range: bytes=1-")
				if resp.StatusCode != 412 || strings.Count(body, "\n") > 1 ||
					resp.Header.Get("ETag") != "" || resp.Header.Get("Cache-Control") != "no-store" ||
					resp.Header.Get("Content-Disposition") != "" {
					t.Errorf("another %s: %d %v %q", target, resp.StatusCode, resp.Header, body)
				}
			}
			resp, rest := c.do(t, "GET", target+"&etag="+tag, "Range: bytes=10-")
			if resp.StatusCode != 206 || rest != whole[10:] {
				t.Errorf("a part of %s: %d", target, resp.StatusCode)
			}
		}
		if resp, _ := c.do(t, "GET", "/d/a?etag=0"); resp.StatusCode != 200 {
			t.Errorf("without list: %d", resp.StatusCode)
		}
	}
}

// TestResumeReplaced resumes downloads with curl and wget after the archive was replaced: they
// fail, and the part that was there stays as it was.
func TestResumeReplaced(t *testing.T) {
	dir := t.TempDir()
	name := files{"d/a": noise(200_000), "d/same": noise(100_000)}.pack(t,
		filepath.Join(dir, "site.tar.gz"))
	r := start(t, listed(serve.Archive{Path: name}))
	var all offered
	all = append(all, offers(t, r, "/d/", "")...)
	all = append(all, offers(t, r, "/d/", "&name=a")...)
	same := offers(t, r, "/d/", "&name=same")
	next := files{"d/a": words(200_000), "d/same": noise(100_000)}.pack(t,
		filepath.Join(dir, "next.tar.gz"))
	whole := map[string]string{}
	for _, d := range append(all, same...) {
		_, whole[d.Name] = fetch(t, plainClient, r.url("/d/"+d.Href))
	}
	replace(t, next, name)
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []struct {
		name   string
		args   []string
		status int // of a failure
	}{{"curl", []string{"-sfL", "-C", "-", "-o"}, 22}, {"wget", []string{"-q", "-c", "-O"}, 8}} {
		if _, err := exec.LookPath(tool.name); err != nil {
			t.Skip(tool.name)
		}
		file := filepath.Join(dir, tool.name)
		run := func(have, href string) (int, string) {
			t.Helper()
			if err := os.WriteFile(file, []byte(have), 0o600); err != nil {
				t.Fatal(err)
			}
			c := exec.Command(tool.name, append(tool.args, file, r.url("/d/"+href))...)
			_ = c.Run()
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			return c.ProcessState.ExitCode(), string(got)
		}
		for _, d := range all {
			for _, have := range []string{whole[d.Name][:1000], whole[d.Name]} {
				if status, got := run(have, d.Href); status != tool.status || got != have {
					t.Errorf("%s of %s: %d, %d bytes of %d", tool.name, d.Name, status, len(got), len(have))
				}
			}
		}
		content := whole[same[0].Name]
		if status, got := run(content[:1000], same[0].Href); status != 0 || got != content {
			t.Errorf("%s of a file that stayed: %d, %d bytes", tool.name, status, len(got))
		}
	}
}
