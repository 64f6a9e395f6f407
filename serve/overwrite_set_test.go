package serve_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/format"
)

// TestOverwrittenSet: a program writes over a shard of a set. All answers from it are 503 until the
// program has closed the shard. Then those are 200 whose content is right.
func TestOverwrittenSet(t *testing.T) {
	tree := overwritten(0)
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	first, _ := tree.packShards(t, name, 3)
	all := clients(t, serve.Options{Archives: []serve.Archive{{Path: first}}})
	last := format.ShardName(name, 2, 3)
	old := readFile(t, last)
	f, err := os.OpenFile(last, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(strings.Repeat("wrong", len(old)/5)), 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		eventually(t, "a refusal", func() bool { return refuses(t, c, tree) })
	}
	refused := map[string]bool{}
	for _, c := range all {
		for path, content := range tree {
			switch resp, body := c.do(t, "GET", "/"+path); {
			case resp.StatusCode == 503 && resp.Header.Get("Retry-After") != "":
				refused[path] = true
			case resp.StatusCode != 200 || body != content:
				t.Errorf("%s: %s: %s, %d bytes", c.name, path, resp.Status, len(body))
			}
		}
	}
	if _, err := f.WriteAt([]byte(old), 0); err != nil {
		t.Fatal(err)
	}
	for path := range refused {
		if resp, _ := all[0].do(t, "GET", "/"+path); resp.StatusCode != 503 {
			t.Errorf("%s, open for writing: %s", path, resp.Status)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		for path, content := range tree {
			eventually(t, path, func() bool {
				resp, body := c.do(t, "GET", "/"+path)
				return resp.StatusCode == 200 && body == content
			})
		}
	}
}

// refuses reports whether a server answers for one of these files with 503. Answers that are being
// sent when the server notices that a shard is written over may be cut off, but not wrong.
func refuses(t *testing.T, c *client, tree files) bool {
	t.Helper()
	for path, content := range tree {
		resp, err := c.http.Get(c.base + "/" + path)
		if err != nil {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		switch {
		case resp.StatusCode == 503:
			return true
		case err == nil && string(body) != content:
			t.Errorf("%s: %s: %s, %d bytes", c.name, path, resp.Status, len(body))
		}
	}
	return false
}

// TestHalfCopiedSet is TestHalfCopied for a shard of a set.
func TestHalfCopiedSet(t *testing.T) {
	tree := overwritten(0)
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	first, _ := tree.packShards(t, name, 3)
	for i := range 3 {
		f, err := os.OpenFile(format.ShardName(name, i, 3), os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteAt([]byte(strings.Repeat("wrong", 3000)), 2000)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	wrong := 0
	for _, c := range clients(t, serve.Options{Archives: []serve.Archive{{Path: first}}}) {
		for path, content := range tree {
			for _, header := range []string{"X: x", "Accept-Encoding: gzip", "If-None-Match: *",
				"Range: bytes=0-9"} {
				resp, body := c.do(t, "GET", "/"+path, header)
				if resp.Header.Get("Content-Encoding") == "gzip" {
					body = gunzip(t, body)
				}
				switch {
				case resp.StatusCode == 500:
					wrong++
				case resp.StatusCode == 200 && body != content,
					resp.StatusCode == 206 && body != content[:10], resp.StatusCode > 304:
					t.Errorf("%s: %s, %s: %s, %d bytes", c.name, path, header, resp.Status, len(body))
				}
			}
		}
	}
	if wrong == 0 {
		t.Error("nothing was wrong")
	}
}

// TestOverwrittenSetInTwo: a set is written over with another one, its list and its index first. It
// is served again when its shards follow, even if that is much later.
func TestOverwrittenSetInTwo(t *testing.T) {
	name, newName := filepath.Join(t.TempDir(), "a.tar.gz"), filepath.Join(t.TempDir(), "a.tar.gz")
	first, list := overwritten(0).packShards(t, name, 2)
	tree := overwritten(1)
	_, other := tree.packShards(t, newName, 2)
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: first}}})
	over := func(from, to string) {
		t.Helper()
		if err := os.WriteFile(to, []byte(readFile(t, from)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	over(other, list)
	over(other+".tpi", list+".tpi")
	over(format.ShardName(newName, 0, 2), first)
	eventually(t, "a reason in the log", func() bool {
		return strings.Contains(r.log.String(), "still not served")
	})
	if status, _ := fetch(t, plainClient, r.url("/a.bin")); status != 503 {
		t.Errorf("a half of each set: %d", status)
	}
	over(format.ShardName(newName, 1, 2), format.ShardName(name, 1, 2))
	for path, content := range tree {
		eventually(t, path, func() bool {
			status, body := fetch(t, plainClient, r.url("/"+path))
			return status == 200 && body == content
		})
	}
}
