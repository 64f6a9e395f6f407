package serve_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// downloads are the queries of all kinds of downloads, of an archive and of a folder.
var downloads = []string{"/?list&download=tar.gz", "/?list&download=zip",
	"/d/?list&download=tar.gz", "/d/?list&download=zip"}

// TestRemoteDownloadDown: while the server of an archive is down, a download of what is not in the
// cache is a 503, also as a range and as several.
func TestRemoteDownloadDown(t *testing.T) {
	s := newStorage(t)
	s.put(t, files{"d/a.bin": noise(400 << 10), "d/b.bin": noise(300 << 10), "e": noise(200 << 10)})
	cache := blocks.New(blocks.Options{Dir: t.TempDir(), ReadAhead: -1})
	r := start(t, serve.Options{CacheDir: t.TempDir(), Archives: []serve.Archive{s.archive(cache)}})
	s.down.Store(true)
	for _, query := range downloads {
		for _, ranges := range []string{"", "bytes=100000-300000", "bytes=100000-100100,200000-300000"} {
			resp := askDownload(t, r.url(query), ranges)
			resp.Body.Close()
			if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
				t.Errorf("%s %s: %s %v", query, ranges, resp.Status, resp.Header)
			}
		}
	}
	s.down.Store(false)
	for _, query := range downloads {
		resp := askDownload(t, r.url(query), "")
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || err != nil || n != resp.ContentLength {
			t.Errorf("%s: %s, %d bytes, %v", query, resp.Status, n, err)
		}
	}
}

// TestRemoteDownloadCutOff: a download that is cut off since the server of the archive is gone
// is in the log.
func TestRemoteDownloadCutOff(t *testing.T) {
	for _, query := range downloads {
		s := newStorage(t)
		s.put(t, files{"d/a.bin": noise(3 << 20), "d/b.bin": noise(3 << 20), "e": "e"})
		cache := blocks.New(blocks.Options{Dir: t.TempDir(), ReadAhead: -1})
		r := start(t, serve.Options{CacheDir: t.TempDir(), Archives: []serve.Archive{s.archive(cache)}})
		resp := askDownload(t, r.url(query), "bytes=0-100000")
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 206 {
			t.Errorf("%s: %s, %v", query, resp.Status, err)
		}
		resp.Body.Close()
		s.Close() // the next connection is refused: an error like those of clients that go away
		resp = askDownload(t, r.url(query), "")
		_, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || err == nil {
			t.Errorf("%s: %s, %v", query, resp.Status, err)
		}
		eventually(t, "the log has a line", func() bool {
			return strings.Contains(r.log.String(), "response aborted")
		})
	}
}

// TestRemoteWrongAnswer: while the server of an archive answers with pages of its own, what is not
// in the cache is a 503.
func TestRemoteWrongAnswer(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"page": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>down for maintenance</html>")
		},
		"redirect": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "ftp://host/")
			w.WriteHeader(302)
		},
		"bad request": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) },
		"forbidden":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) },
		"compressed": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			w.WriteHeader(206)
		},
	} {
		s, large := newStorage(t), noise(300<<10)
		s.put(t, files{"a": large, "z": large[1:]})
		cache := blocks.New(blocks.Options{Dir: t.TempDir(), ReadAhead: -1})
		r := start(t, serve.Options{CacheDir: t.TempDir(), Archives: []serve.Archive{s.archive(cache)}})
		s.answer.Store(&answer)
		for _, path := range []string{"/a", "/?list&download=zip"} {
			resp := askDownload(t, r.url(path), "")
			resp.Body.Close()
			if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
				t.Errorf("%s: %s: %s %v", name, path, resp.Status, resp.Header)
			}
		}
		s.answer.Store(nil)
		if status, body := fetch(t, plainClient, r.url("/a")); status != 200 || body != large {
			t.Errorf("%s: then %d, %d bytes", name, status, len(body))
		}
	}
}

func askDownload(t *testing.T, url, ranges string) *http.Response {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ranges != "" {
		req.Header.Set("Range", ranges)
	}
	resp, err := plainClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}
