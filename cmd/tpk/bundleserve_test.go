package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
)

// A bundle is served as its archive is: in each coding, by ranges, with searches in its text index,
// and the archive itself is downloaded with its own bytes.
func TestBundleServed(t *testing.T) {
	dir := t.TempDir()
	archive, out := filepath.Join(dir, "site.tar.gz"), filepath.Join(dir, "mysite.exe")
	text := strings.Repeat("<p>Some words about marmots.\n", 200)
	if err := os.MkdirAll(filepath.Join(dir, "site"), 0o755); err != nil {
		t.Fatal(err)
	}
	name, day := filepath.Join(dir, "site", "a.html"), time.Now().AddDate(0, 0, -1)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, day, day); err != nil {
		t.Fatal(err)
	}
	for _, line := range [][]string{
		{"pack", "--br", filepath.Join(dir, "site"), archive}, {"index", "--text", archive},
		{"bundle", archive, out},
	} {
		var messages bytes.Buffer
		if code := run(append([]string{"tpk"}, line...), io.Discard, &messages); code != 0 {
			t.Fatalf("%s: %d: %s", line, code, &messages)
		}
	}
	s, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: out}}, Listing: true,
		Log: func(message string) { t.Log(message) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, field, value, coding, want string }{
		{"/a.html", "Accept-Encoding", "identity", "", text},
		{"/a.html", "Accept-Encoding", "gzip", "gzip", "\x1f\x8b"},
		{"/a.html", "Accept-Encoding", "br", "br", ""},
		{"/a.html", "Range", "bytes=3-6", "", "Some"},
		{"/?list&download=tar.gz", "Accept", "*/*", "", string(packed)},
		{"/?list&q=marmots&in=text&format=json", "Accept", "*/*", "", `{"path":"/","query":"marmots"`},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set(c.field, c.value)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code >= 300 || w.Header().Get("Content-Encoding") != c.coding ||
			!strings.HasPrefix(w.Body.String(), c.want) || w.Body.Len() == 0 {
			t.Errorf("%s, %s: %d %v", c.path, c.value, w.Code, w.Header())
		}
		if strings.Contains(c.path, "q=") && !strings.Contains(w.Body.String(), `"mark":true`) {
			t.Errorf("%s: found nothing: %s", c.path, w.Body)
		}
	}
}
