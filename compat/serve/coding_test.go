package serve

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
)

// coded packs pages that have much in common, and other files, with their variants.
func coded(t testing.TB) (archive string, files map[string]string) {
	t.Helper()
	files = map[string]string{"style.css": tree()["page.html"], "pic.png": tree()["pic.png"],
		"mid.txt": tree()["mid.txt"]}
	for i := range 60 {
		files[fmt.Sprintf("%d.html", i)] = "<!doctype html><title>A page</title>" +
			tree()["page.html"][:8000] + strings.Repeat(fmt.Sprintf("<p>Page %d, %x.", i, i*7919), 9)
	}
	archive = packTree(t, files)
	fixture.Variants(t, archive)
	return archive, files
}

// dictionaryOf fetches the dictionary that a page announces.
func dictionaryOf(t testing.TB, base, page string) []byte {
	t.Helper()
	resp, _ := fetch(t, base+page, http.Header{"Accept-Encoding": {"gzip, deflate, br, zstd"}})
	link := regexp.MustCompile(`^<\./(\?list&dictionary=[0-9a-f]{64})>; ` +
		`rel="compression-dictionary"$`).FindStringSubmatch(resp.Header.Get("Link"))
	if link == nil {
		t.Fatalf("%s: %v", page, resp.Header)
	}
	_, b := fetch(t, base+link[1], nil)
	return b
}

// fetch gets a URL. The body is as it came.
func fetch(t testing.TB, url string, fields http.Header) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Header = fields; fields == nil {
		r.Header = http.Header{}
	}
	resp, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, b
}

// available returns the Available-Dictionary of a client.
func available(dictionary []byte) string {
	sum := sha256.Sum256(dictionary)
	return ":" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// decode decodes a body by its Content-Encoding.
func decode(t testing.TB, coding string, b, dictionary []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	case "dcz":
		r, err = zstd.NewReader(r, zstd.WithDecoderDictRaw(0, dictionary))
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", coding, err)
	}
	return string(text)
}

// TestProxyCache asks nginx with a cache in front of the server in random order, by all kinds of
// clients. Each gets only what it accepts, from the cache or not, and can decode it.
func TestProxyCache(t *testing.T) {
	archive, files := coded(t)
	upstream := start(t, serve.Options{Archives: []serve.Archive{{Path: archive}},
		CacheControl: "max-age=600"})
	address := fixture.FreeAddress(t)
	fixture.Nginx(t, tools.Dir(t), address, fmt.Sprintf(`
  proxy_cache_path cache keys_zone=pages:1m;
  server {
    listen %s;
    location / {
      proxy_pass http://%s; proxy_cache pages; add_header X-Cache $upstream_cache_status;
      proxy_http_version 1.1; proxy_set_header Connection "";
    }
  }
`, address, upstream))
	base := "http://" + address + "/"
	dictionary := dictionaryOf(t, base, "1.html")
	other := []byte("another dictionary")
	clients := []http.Header{
		{}, {"Accept-Encoding": {""}}, {"Accept-Encoding": {"identity"}}, {"Accept-Encoding": {"gzip"}},
		{"Accept-Encoding": {"br"}}, {"Accept-Encoding": {"gzip, br"}}, {"Accept-Encoding": {"zstd"}},
		{"Accept-Encoding": {"gzip;q=0, *;q=0.5"}}, {"Accept-Encoding": {"gzip, deflate, br, zstd"}},
		{"Accept-Encoding": {"gzip, br, dcz"}},
		{"Accept-Encoding": {"gzip, br, dcz"}, "Available-Dictionary": {available(dictionary)}},
		{"Accept-Encoding": {"gzip, br, dcz"}, "Available-Dictionary": {available(other)}},
		{"Accept-Encoding": {"gzip, br"}, "Available-Dictionary": {available(dictionary)}},
		{"Available-Dictionary": {available(dictionary)}},
	}
	names := []string{"1.html", "2.html", "style.css", "pic.png", "mid.txt"}
	random := rand.New(rand.NewPCG(18, 3))
	hits, codings := 0, map[string]int{}
	for range 400 {
		name, fields := names[random.IntN(len(names))], clients[random.IntN(len(clients))]
		resp, b := fetch(t, base+name, fields.Clone())
		coding := resp.Header.Get("Content-Encoding")
		codings[coding]++
		if resp.Header.Get("X-Cache") == "HIT" {
			hits++
		}
		accept := fields.Get("Accept-Encoding")
		accepted := slices.Contains(strings.Split(accept, ", "), coding) ||
			strings.Contains(accept, "*") && coding != "gzip" && coding != "dcz"
		if coding != "" && !accepted || coding == "dcz" &&
			fields.Get("Available-Dictionary") != available(dictionary) {
			t.Errorf("%s %v (%s): %q", name, fields, resp.Header.Get("X-Cache"), coding)
		}
		if resp.StatusCode != 200 || decode(t, coding, bytes.TrimPrefix(b,
			skippable(coding, dictionary)), dictionary) != files[name] {
			t.Errorf("%s %v: %d, another content", name, fields, resp.StatusCode)
		}
	}
	if hits < 200 || len(codings) != 5 {
		t.Errorf("%d hits, answers %v", hits, codings)
	}
}

// skippable returns what precedes the zstd frame of dcz (RFC 9842 §5).
func skippable(coding string, dictionary []byte) []byte {
	if coding != "dcz" {
		return nil
	}
	sum := sha256.Sum256(dictionary)
	return append([]byte("\x5e\x2a\x4d\x18\x20\x00\x00\x00"), sum[:]...)
}

// TestDecoders decodes answers with programs of others: curl what it asks for, and zstd the body in
// dcz, whose beginning is a frame that it skips.
func TestDecoders(t *testing.T) {
	archive, files := coded(t)
	base := "http://" + start(t, serve.Options{Archives: []serve.Archive{{Path: archive}}}) + "/"
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	for _, name := range []string{"1.html", "style.css", "mid.txt", "pic.png"} {
		for _, accept := range []string{"br", "zstd", "gzip", "br;q=0.5, zstd, gzip;q=0.2"} {
			run(t, "curl", "-sS", "--fail", "--compressed", "-H", "Accept-Encoding: "+accept, "-o", out,
				base+name)
			if read(t, out) != files[name] {
				t.Errorf("curl --compressed of %s by %s: other content", name, accept)
			}
		}
		run(t, "curl", "-sS", "--fail", "--compressed", "-o", out, base+name)
		if read(t, out) != files[name] {
			t.Errorf("curl --compressed %s: other content", name)
		}
	}
	dictionary := dictionaryOf(t, base, "2.html")
	if err := os.WriteFile(filepath.Join(dir, "dictionary"), dictionary, 0o644); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		name := fmt.Sprintf("%d.html", i)
		resp, b := fetch(t, base+name, http.Header{"Accept-Encoding": {"dcz"},
			"Available-Dictionary": {available(dictionary)}})
		if resp.Header.Get("Content-Encoding") != "dcz" ||
			!bytes.HasPrefix(b, skippable("dcz", dictionary)) {
			t.Fatalf("%s: %v, %.40q", name, resp.Header, b)
		}
		body := filepath.Join(dir, "page.zst")
		if err := os.WriteFile(body, b, 0o644); err != nil {
			t.Fatal(err)
		}
		run(t, "zstd", "-q", "-d", "-f", "-D", filepath.Join(dir, "dictionary"), body, "-o", out)
		if read(t, out) != files[name] {
			t.Errorf("zstd -d -D of %s: other content", name)
		}
	}
}
