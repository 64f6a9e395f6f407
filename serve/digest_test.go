package serve_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
)

// reprDigest returns the Repr-Digest of a representation (RFC 9530 §3 and its appendix B).
func reprDigest(representation string) string {
	sum := sha256.Sum256([]byte(representation))
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// TestReprDigest: with sums, each answer whose representation is the content has its digest: whole,
// as a range, and for HEAD. What deflate makes of a content has none.
func TestReprDigest(t *testing.T) {
	tree := files{
		"page.html": words(5000), "stored.bin": noise(5000), "large.txt": words(3 << 20),
		"large.bin": noise(2<<20 + 1), "empty.txt": "", "same.html": words(5000),
		"tile.pbf": gzipped(words(2000)), "404.html": words(700),
	}
	dir := filepath.Join(t.TempDir(), "dir")
	tree.write(t, dir)
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	if _, err := pack.Dir(context.Background(), dir, name, pack.Options{SHA256: true}); err != nil {
		t.Fatal(err)
	}
	set := filepath.Join(t.TempDir(), "set.tar.gz")
	shards, err := shard.Pack(context.Background(), dir, set,
		shard.PackOptions{Shards: 3, SHA256: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, archive := range []string{name, shards.Shards[0].Name} {
		for _, c := range clients(t, serve.Options{
			Archives: []serve.Archive{{Path: archive}}, Listing: true,
		}) {
			t.Run(c.name, func(t *testing.T) { testReprDigest(t, c, tree) })
		}
	}
	without := tree.pack(t, filepath.Join(t.TempDir(), "without.tar.gz"))
	c := clients(t, serve.Options{Archives: []serve.Archive{{Path: without}}, Fallback: dir})[0]
	if resp, _ := c.do(t, "GET", "/page.html"); resp.StatusCode != 200 || hasDigest(resp) {
		t.Errorf("without sums: %s %v", resp.Status, resp.Header)
	}
}

func hasDigest(resp *http.Response) bool { return len(resp.Header["Repr-Digest"]) > 0 }

func testReprDigest(t *testing.T, c *client, tree files) {
	for path, content := range tree {
		own := path == "tile.pbf"
		want := reprDigest(content)
		for _, method := range []string{"GET", "HEAD"} {
			for _, accept := range []string{
				"Accept-Encoding: identity", "Accept-Encoding: gzip", "X-None: x",
			} {
				resp, body := c.do(t, method, "/"+path, accept)
				coding := resp.Header.Get("Content-Encoding")
				var wanted string
				if coding == "" && !own || coding == "gzip" && own {
					wanted = want
				}
				if got := resp.Header.Get("Repr-Digest"); resp.StatusCode != 200 || got != wanted {
					t.Errorf("%s %s, %s: %s, Repr-Digest %q, want %q", method, path, accept, resp.Status, got,
						wanted)
				}
				if wanted != "" && method == "GET" && reprDigest(body) != wanted {
					t.Errorf("%s: another body than its digest says", path)
				}
			}
		}
		if content == "" || own {
			continue
		}
		for _, span := range []string{"bytes=1-2", "bytes=-5", "bytes=0-0,7-8"} {
			resp, _ := c.do(t, "GET", "/"+path, "Range: "+span)
			if got := resp.Header.Get("Repr-Digest"); resp.StatusCode != 206 || got != want {
				t.Errorf("%s, %s: %s, Repr-Digest %q, want %q", path, span, resp.Status, got, want)
			}
		}
		resp, _ := c.do(t, "GET", "/"+path, "Range: bytes=99999999-")
		if resp.StatusCode != 416 || hasDigest(resp) {
			t.Errorf("%s: %s %v", path, resp.Status, resp.Header)
		}
		resp, _ = c.do(t, "GET", "/"+path, "If-None-Match: *")
		if resp.StatusCode != 304 || hasDigest(resp) {
			t.Errorf("%s: %s %v", path, resp.Status, resp.Header)
		}
	}
	resp, body := c.do(t, "GET", "/missing", "Accept-Encoding: identity")
	if got := resp.Header.Get("Repr-Digest"); resp.StatusCode != 404 || got != reprDigest(body) {
		t.Errorf("the page for 404: %s, Repr-Digest %q", resp.Status, got)
	}
	for _, target := range []string{"/?list", "/?list&download=tar.gz"} {
		if resp, _ := c.do(t, "GET", target); hasDigest(resp) {
			t.Errorf("%s: %v", target, resp.Header)
		}
	}
}
