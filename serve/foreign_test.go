package serve_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/format"
)

// writeZip writes a zip with an index.html.
func writeZip(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, zipped(t, content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// zipped returns a zip with an index.html.
func zipped(t testing.TB, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("index.html")
	if err == nil {
		_, err = io.WriteString(f, content)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestForeign serves a zip. When it is replaced, the new one is served, and the old one if that
// can't be read.
func TestForeign(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "site.zip")
	write := func(content string) {
		writeZip(t, name+"~", content)
		if err := os.Rename(name+"~", name); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}},
		CacheDir: filepath.Join(dir, "cache")})
	want := func(content string) {
		t.Helper()
		if status, body := fetch(t, plainClient, r.url("/")); status != 200 || body != content {
			t.Errorf("%d %q, want %q", status, body, content)
		}
	}
	want("one")
	resp, err := plainClient.Get(r.url("/?list&download=tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if d := resp.Header.Get("Content-Disposition"); !strings.Contains(d, `"site.tar.gz"`) {
		t.Errorf("it is saved as %s", d)
	}
	write("two")
	if err := r.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	want("two")
	if err := os.WriteFile(name, []byte("PK\x03\x04 and nothing more"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(t.Context()); err == nil {
		t.Error("a damaged zip was opened")
	}
	want("two")
	s, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: name}}, NoConvert: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Load(t.Context()); !errors.Is(err, format.ErrNotArchive) {
		t.Error(err)
	}
}
