package serve_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/source"
)

// troubled is a source in memory whose reads can be held up, fail, or give wrong bytes.
type troubled struct {
	source.Source
	held    chan struct{} // reads wait until it is closed; nil: they don't
	waiting chan struct{} // gets a value for each read that waits
	err     atomic.Pointer[error]
	flip    atomic.Bool
}

func (s *troubled) ReadAt(p []byte, off int64) (int, error) {
	if s.held != nil {
		select {
		case s.waiting <- struct{}{}:
		default:
		}
		<-s.held
	}
	if err := s.err.Load(); err != nil {
		return 0, *err
	}
	n, err := s.Source.ReadAt(p, off)
	if s.flip.Load() {
		for i := range p[:n] {
			p[i] ^= 1
		}
	}
	return n, err
}

func (s *troubled) ReadNow(p []byte, off int64) bool {
	if s.held != nil {
		select {
		case <-s.held:
		default:
			return false
		}
	}
	n, _ := s.ReadAt(p, off)
	return n == len(p)
}

// openTroubled packs files and opens the archive on a source in memory.
func openTroubled(t *testing.T, fs files) (*troubled, *tarpack.Archive) {
	t.Helper()
	name := fs.pack(t, filepath.Join(t.TempDir(), "slow.tar.gz"))
	archive, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(name + format.SidecarSuffix)
	if err != nil {
		t.Fatal(err)
	}
	src := &troubled{Source: source.Of(bytes.NewReader(archive), int64(len(archive)))}
	a, err := tarpack.OpenSource(context.Background(), "slow", src, bytes.NewReader(index),
		int64(len(index)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return src, a
}

// TestSourceHolds: while reads of one archive are held up, for more connections than there are
// event loops, other connections are answered. Then the held answers are complete.
func TestSourceHolds(t *testing.T) {
	const connections = 64
	src, a := openTroubled(t, files{"page.html": "<h1>slow</h1>", "large.bin": noise(200 << 10)})
	src.held, src.waiting = make(chan struct{}), make(chan struct{}, 2*connections)
	fast := files{"page.html": "<h1>fast</h1>"}.pack(t, filepath.Join(t.TempDir(), "fast.tar.gz"))
	r := start(t, serve.Options{Archives: []serve.Archive{{Opened: a, Mount: "/slow"}, {Path: fast}}})

	type result struct {
		path string
		body []byte
		err  error
	}
	results := make(chan result, connections)
	for i := range connections {
		path := []string{"/slow/page.html", "/slow/large.bin"}[i%2]
		go func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			resp, err := client.Get(r.url(path))
			if err != nil {
				results <- result{path, nil, err}
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			results <- result{path, body, err}
		}()
	}
	for range connections {
		<-src.waiting
	}
	for range 100 {
		if _, body := fetch(t, plainClient, r.url("/page.html")); body != "<h1>fast</h1>" {
			t.Fatalf("%q", body)
		}
	}
	select {
	case got := <-results:
		t.Fatalf("%s was answered while its bytes were held: %v", got.path, got.err)
	default:
	}
	close(src.held)
	for range connections {
		got := <-results
		want := map[string]string{"/slow/page.html": "<h1>slow</h1>",
			"/slow/large.bin": noise(200 << 10)}[got.path]
		if got.err != nil || string(got.body) != want {
			t.Errorf("%s: %d bytes, %v", got.path, len(got.body), got.err)
		}
	}
}

// TestSourceFails: an archive that has changed or is unavailable is a 503 with Retry-After, and one
// with wrong bytes a 500; other archives are answered, and it is answered again when the trouble is
// over.
func TestSourceFails(t *testing.T) {
	src, a := openTroubled(t, files{"page.html": "<h1>page</h1>", "stored.bin": noise(2000)})
	fast := files{"page.html": "<h1>fast</h1>"}.pack(t, filepath.Join(t.TempDir(), "fast.tar.gz"))
	for _, c := range clients(t,
		serve.Options{Archives: []serve.Archive{{Opened: a, Mount: "/slow"}, {Path: fast}}}) {
		t.Run(c.name, func(t *testing.T) {
			check := func(path string, status int, retry bool) {
				t.Helper()
				resp, body := c.do(t, "GET", path)
				if resp.StatusCode != status || (resp.Header.Get("Retry-After") != "") != retry {
					t.Errorf("%s: %d, Retry-After %q, %q", path, resp.StatusCode,
						resp.Header.Get("Retry-After"), body)
				}
			}
			for _, bad := range []error{source.ErrChanged, source.ErrUnavailable} {
				err := fmt.Errorf("slow: %w", bad)
				src.err.Store(&err)
				check("/slow/page.html", 503, true)
				check("/slow/stored.bin", 503, true)
				check("/page.html", 200, false)
			}
			other := errors.New("out of order")
			src.err.Store(&other)
			check("/slow/page.html", 500, false)
			src.err.Store(nil)
			src.flip.Store(true)
			check("/slow/stored.bin", 500, false)
			src.flip.Store(false)
			check("/slow/page.html", 200, false)
			check("/slow/stored.bin", 200, false)
		})
	}
}

// TestCloseWaitsForSource: Close returns when no answer uses an archive of the program any more, so
// that the program may close it.
func TestCloseWaitsForSource(t *testing.T) {
	src, a := openTroubled(t, files{"large.bin": noise(200 << 10)})
	synctest.Test(t, func(t *testing.T) {
		s, err := serve.New(serve.Options{Archives: []serve.Archive{{Opened: a}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		src.held, src.waiting = make(chan struct{}), make(chan struct{}, 1)
		answer := httptest.NewRecorder()
		go s.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/large.bin", nil))
		<-src.waiting
		closed := make(chan struct{})
		go func() {
			s.Close()
			close(closed)
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("closed while an answer reads the archive")
		default:
		}
		close(src.held)
		<-closed
		if answer.Body.Len() != 200<<10 {
			t.Errorf("%d bytes", answer.Body.Len())
		}
	})
}
