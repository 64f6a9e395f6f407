package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/signature"
)

// The files beside an archive are downloaded from its bundle with their own bytes, and by ranges.
// With a public key all of them are, but the text index, which is not signed.
func TestBundleBeside(t *testing.T) {
	dir := t.TempDir()
	archive, out, key := filepath.Join(dir, "site.tar.gz"), filepath.Join(dir, "mysite.exe"),
		filepath.Join(dir, "key")
	trust := writeKey(t, key)
	if err := os.Mkdir(filepath.Join(dir, "site"), 0o755); err != nil {
		t.Fatal(err)
	}
	name, day := filepath.Join(dir, "site", "a.html"), time.Now().AddDate(0, 0, -1)
	if err := os.WriteFile(name, bytes.Repeat([]byte("<p>Marmots.\n"), 500), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, day, day); err != nil {
		t.Fatal(err)
	}
	for _, line := range [][]string{
		{"pack", "--sha256", "--br", filepath.Join(dir, "site"), archive},
		{"index", "--text", archive}, {"sign", "--secret-key", key, archive},
		{"bundle", archive, out},
	} {
		var messages bytes.Buffer
		if code := run(append([]string{"tpk"}, line...), io.Discard, &messages); code != 0 {
			t.Fatalf("%s: %d: %s", line, code, &messages)
		}
	}
	all := []string{"site.tar.gz", "site.zip", "site.tar.gz.tpi", "site.tar.gz.tpx",
		"site.tar.gz.tpv", "site.tar.gz.sum", "site.tar.gz.sum.minisig"}
	s := bundleServer(t, serve.Options{Archives: []serve.Archive{{Path: out}}, Listing: true})
	if got := downloads(t, s, dir); !slices.Equal(got, all) {
		t.Errorf("offers %q, want %q", got, all)
	}
	s = bundleServer(t, serve.Options{Archives: []serve.Archive{{Path: out}}, Listing: true,
		Trust: trust})
	all = slices.DeleteFunc(all, func(n string) bool { return strings.HasSuffix(n, ".tpx") })
	if got := downloads(t, s, dir); !slices.Equal(got, all) {
		t.Errorf("signed: offers %q, want %q", got, all)
	}
}

// writeKey writes a new secret key to a file, and returns the Trust in it.
func writeKey(t *testing.T, name string) *signature.Trust {
	t.Helper()
	_, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := private.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	key, err := signature.ParseSecretKey(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return &signature.Trust{Key: key.Public()}
}

// bundleServer returns a server whose archives are open.
func bundleServer(t *testing.T, o serve.Options) *serve.Server {
	t.Helper()
	o.Log = func(message string) { t.Log(message) }
	s, err := serve.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// downloads returns the names of what is offered. It compares each with the file in dir, if there
// is one, and a range of it.
func downloads(t *testing.T, s *serve.Server, dir string) (names []string) {
	t.Helper()
	var page struct {
		Downloads []struct{ Name, Href, ETag string }
	}
	w := getWith(s, "/?list=get&format=json", "")
	for w.Code == http.StatusServiceUnavailable { // all of it is compared with what was signed
		time.Sleep(10 * time.Millisecond)
		w = getWith(s, "/?list=get&format=json", "")
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
		t.Fatalf("%d, %v: %s", w.Code, err, w.Body)
	}
	tags := map[string]bool{}
	for _, d := range page.Downloads {
		names = append(names, d.Name)
		tags[d.ETag] = true
		want, err := os.ReadFile(filepath.Join(dir, d.Name))
		if strings.HasSuffix(d.Name, ".zip") {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		path := "/" + strings.TrimPrefix(d.Href, "./")
		if w := getWith(s, path, ""); w.Code != 200 || !bytes.Equal(w.Body.Bytes(), want) {
			t.Errorf("%s: %d, %d bytes, want %d", d.Name, w.Code, w.Body.Len(), len(want))
		}
		if w := getWith(s, path, "bytes=10-19"); w.Code != 206 ||
			!bytes.Equal(w.Body.Bytes(), want[10:20]) {
			t.Errorf("%s, a range: %d %q, want %q", d.Name, w.Code, w.Body, want[10:20])
		}
		if w := getWith(s, path, "bytes=-5"); !bytes.Equal(w.Body.Bytes(), want[len(want)-5:]) {
			t.Errorf("%s, its end: %d %q, want %q", d.Name, w.Code, w.Body, want[len(want)-5:])
		}
	}
	if len(tags) != len(names) {
		t.Errorf("%d validators of %d downloads", len(tags), len(names))
	}
	return names
}

// getWith asks a server for a path, and for a range of it unless that is "".
func getWith(s *serve.Server, path, ranges string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if ranges != "" {
		r.Header.Set("Range", ranges)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}
