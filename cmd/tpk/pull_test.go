package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
)

// A site is a web server with the archive of the current version, packed from a directory.
type site struct {
	*httptest.Server
	version  atomic.Int32
	requests atomic.Int32
	before   func(n int32) // is called before request n
}

// newSite packs versions 1, 2 and 3 of a tree, and serves the archive of one of them.
func newSite(t *testing.T, dir string, flags ...string) *site {
	t.Helper()
	for version := 1; version <= 3; version++ {
		tree := filepath.Join(dir, fmt.Sprint("tree", version))
		for i := range 40 {
			random := rand.NewChaCha8([32]byte{byte(i)})
			b := make([]byte, 10_000)
			if _, err := random.Read(b); err != nil {
				t.Fatal(err)
			}
			content := fmt.Sprintf("%x", b)
			if i%10 == 0 {
				content += fmt.Sprint("version", version)
			}
			name := filepath.Join(tree, fmt.Sprint(i), "page.html")
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		at := fmt.Sprint("@", 1_700_000_000+version)
		args := append([]string{"tpk", "pack", "--mtime", at}, flags...)
		wantRun(t, 0, append(args, tree, filepath.Join(dir, fmt.Sprint(version, ".tar.gz")))...)
	}
	s := &site{}
	s.version.Store(2)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := s.requests.Add(1) - 1
		if s.before != nil {
			s.before(n)
		}
		version := fmt.Sprint(s.version.Load())
		w.Header().Set("ETag", `"`+version+`"`)
		http.ServeFile(w, r, filepath.Join(dir, version+strings.TrimPrefix(r.URL.Path, "/site")))
	}))
	t.Cleanup(s.Close)
	return s
}

// wantRun runs a command line, expects the exit code, and returns what it printed.
func wantRun(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var out, messages bytes.Buffer
	if got := run(args, &out, &messages); got != code {
		t.Fatalf("%q: exit code %d, %s", args, got, messages.String())
	}
	return out.String(), messages.String()
}

// wantFiles compares the files of an archive, and expects no others beside it.
func wantFiles(t *testing.T, got, want string) {
	t.Helper()
	for _, suffix := range []string{"", format.SidecarSuffix} {
		g, errGot := os.ReadFile(got + suffix)
		w, errWant := os.ReadFile(want + suffix)
		if errGot != nil || errWant != nil || !bytes.Equal(g, w) {
			t.Errorf("%s%s: %d and %d bytes, %v, %v", got, suffix, len(g), len(w), errGot, errWant)
		}
	}
	if list, err := os.ReadDir(filepath.Dir(got)); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestPull pulls an archive that is new, then the next version of it, also if it is replaced before
// each request in turn.
func TestPull(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, dir)
	url, out := s.URL+"/site.tar.gz", filepath.Join(t.TempDir(), "site.tar.gz")
	s.version.Store(1)
	wantRun(t, 0, "tpk", "pull", url, out)
	wantFiles(t, out, filepath.Join(dir, "1.tar.gz"))
	s.version.Store(2)
	s.requests.Store(0)
	stdout, stderr := wantRun(t, 0, "tpk", "pull", "--json", url, out)
	var line struct {
		Bytes, Copied, Made, Fetched, Requests int64
	}
	if err := json.Unmarshal([]byte(stdout), &line); err != nil || stderr != "" ||
		line.Copied < line.Fetched || line.Copied+line.Made+line.Fetched < line.Bytes ||
		// The trailer, the index, its checksums and a patch are asked for besides.
		line.Requests+4 < int64(s.requests.Load()) || s.requests.Load() < 6 {
		t.Errorf("%s, %q, %v, %d requests", stdout, stderr, err, s.requests.Load())
	}
	wantFiles(t, out, filepath.Join(dir, "2.tar.gz"))

	for at := range s.requests.Load() + 1 {
		s.version.Store(2)
		s.requests.Store(0)
		s.before = func(n int32) {
			if n == at {
				s.version.Store(3)
			}
		}
		out := filepath.Join(t.TempDir(), "site.tar.gz")
		wantRun(t, 0, "tpk", "pull", "--from", filepath.Join(dir, "1.tar.gz"), url, out)
		wantFiles(t, out, filepath.Join(dir, fmt.Sprint(s.version.Load(), ".tar.gz")))
	}

	// It is replaced all the time: one error, the archive stays, what was fetched is of no use.
	s.before = func(n int32) { s.version.Store(2 + n/3%2) }
	_, stderr = wantRun(t, 1, "tpk", "pull", "--from", filepath.Join(dir, "1.tar.gz"), "-q", url, out)
	if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "try again when") {
		t.Errorf("%q", stderr)
	}
}

func TestPullUsage(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	for want, args := range map[string][]string{
		"too few arguments":          {"x"},
		"not ftp://":                 {"ftp://x/a.tar.gz", out},
		"must be a file":             {"a.tar.gz", "https://x/a.tar.gz"},
		"not .zip":                   {"a.tar.gz", "out.zip"},
		"--not-before needs":         {"--not-before", "@1", "a.tar.gz", out},
		"names that end in .tpi are": {"a.tar.gz", "x.tpi"},
	} {
		_, stderr := wantRun(t, 2, append([]string{"tpk", "pull"}, args...)...)
		if !strings.Contains(stderr, want) {
			t.Errorf("%q: %s", args, stderr)
		}
	}
}
