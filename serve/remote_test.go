package serve_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	tarremote "github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// storage is a server of archives that can be down, and the archives of which are replaced.
type storage struct {
	*httptest.Server
	down     atomic.Bool
	slow     atomic.Pointer[chan struct{}]    // nothing is answered until it is closed; or nil
	waiting  atomic.Int64                     // how many requests have waited for that
	left     atomic.Int64                     // how many of these did not wait any more
	answer   atomic.Pointer[http.HandlerFunc] // answers everything; or nil
	count    atomic.Int64                     // requests for anything
	mu       sync.Mutex
	at       map[string][]byte // by path
	local    string            // where the last archive was packed
	requests []string          // paths of the archives, with the range
	wrong    map[int64]int     // how often the byte at an offset of an archive is sent wrong
}

func newStorage(t *testing.T) *storage {
	s := &storage{at: map[string][]byte{}, wrong: map[int64]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.count.Add(1)
		if gate := s.slow.Load(); gate != nil {
			s.waiting.Add(1)
			select {
			case <-*gate:
			case <-r.Context().Done():
				s.left.Add(1)
				return
			}
		}
		if answer := s.answer.Load(); answer != nil {
			(*answer)(w, r)
			return
		}
		if s.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		s.mu.Lock()
		content, ok := s.at[r.URL.Path]
		if ok && !strings.HasSuffix(r.URL.Path, format.SidecarSuffix) {
			s.requests = append(s.requests, r.URL.Path+" "+r.Header.Get("Range"))
		}
		s.mu.Unlock()
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(content)))
		reader := io.ReadSeeker(bytes.NewReader(content))
		if !strings.HasSuffix(r.URL.Path, format.SidecarSuffix) {
			reader = &damaging{reader, s, 0}
		}
		http.ServeContent(w, r, "", time.Time{}, reader)
	}))
	t.Cleanup(s.Close)
	return s
}

// put replaces the archive and its sidecar at the same instant.
func (s *storage) put(t *testing.T, fs files) {
	t.Helper()
	name := fs.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	s.local = name
	for range 2 {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		s.at["/"+filepath.Base(name)] = b
		s.mu.Unlock()
		name += format.SidecarSuffix
	}
}

// putSet replaces a set of three shards at the same instant.
func (s *storage) putSet(t *testing.T, fs files) {
	t.Helper()
	_, list := fs.packShards(t, filepath.Join(t.TempDir(), "a.tar.gz"), 3)
	names, err := filepath.Glob(filepath.Join(filepath.Dir(list), "a-*"))
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s.at["/"+filepath.Base(name)] = b
	}
}

// remove removes a file, and returns what puts it back.
func (s *storage) remove(path string) (restore func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.at[path]
	delete(s.at, path)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.at[path] = b
	}
}

// archive returns the archive for a Server.
func (s *storage) archive(cache *blocks.Cache) serve.Archive {
	return s.open("/a.tar.gz", cache)
}

// open returns the archive or the set at a path for a Server.
func (s *storage) open(path string, cache *blocks.Cache) serve.Archive {
	return serve.Archive{Path: s.URL + path,
		Open: func(ctx context.Context) (*tarpack.Archive, error) {
			return tarremote.Open(ctx, s.URL+path, &tarremote.Options{Retries: -1, Blocks: cache})
		}}
}

// damaging is what a storage sends, with its wrong bytes.
type damaging struct {
	io.ReadSeeker
	s  *storage
	at int64
}

func (d *damaging) Seek(off int64, whence int) (n int64, err error) {
	d.at, err = d.ReadSeeker.Seek(off, whence)
	return d.at, err
}

func (d *damaging) Read(p []byte) (int, error) {
	n, err := d.ReadSeeker.Read(p)
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	for off, times := range d.s.wrong {
		if i := off - d.at; i >= 0 && i < int64(n) && times > 0 {
			p[i] ^= 0x10
			d.s.wrong[off]--
		}
	}
	d.at += int64(n)
	return n, err
}

// asked returns the requests for archives since the last call.
func (s *storage) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.requests
	s.requests = nil
	return list
}

// TestRemoteDown: while the server of an archive is down, what is in the cache is sent. Other
// answers are 503 with Retry-After, until it is there again.
func TestRemoteDown(t *testing.T) {
	s, large := newStorage(t), noise(400<<10)
	s.put(t, files{"a.bin": large, "b.bin": large[1:], "c.txt": "c"})
	cache := blocks.New(blocks.Options{Dir: t.TempDir(), ReadAhead: -1})
	r := start(t, serve.Options{CacheDir: t.TempDir(), Archives: []serve.Archive{s.archive(cache)}})
	get := func(path, want string) {
		t.Helper()
		if status, body := fetch(t, plainClient, r.url(path)); status != 200 || body != want {
			t.Errorf("%s: %d, %d bytes", path, status, len(body))
		}
	}
	get("/a.bin", large)
	s.down.Store(true)
	get("/a.bin", large)
	resp, err := plainClient.Get(r.url("/b.bin"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("while the server is down: %s %v", resp.Status, resp.Header)
	}
	s.down.Store(false)
	get("/b.bin", large[1:])
}

// TestPoll replaces an archive on a server again and again. Each body is that of one generation.
func TestPoll(t *testing.T) {
	s := newStorage(t)
	testPoll(t, s.archive(blocks.New(blocks.Options{Dir: t.TempDir()})), s.put)
}

// TestPollSet is TestPoll for a shard set.
func TestPollSet(t *testing.T) {
	s := newStorage(t)
	cache := blocks.New(blocks.Options{Dir: t.TempDir()})
	testPoll(t, s.open("/a-of-00003.tar.gz.tps", cache), s.putSet)
}

func testPoll(t *testing.T, a serve.Archive, put func(*testing.T, files)) {
	var bodies []string
	for n := range 6 {
		bodies = append(bodies, noise(300<<10+n))
	}
	of := func(n int) files { return files{"0": "first", "a": bodies[n], "z": "last"} }
	put(t, of(0))
	o := serve.Options{CacheDir: t.TempDir(), Archives: []serve.Archive{a}}
	r := start(t, o, serve.RunOptions{Poll: time.Millisecond})
	for n := 1; n < len(bodies); n++ {
		put(t, of(n))
		eventually(t, "the new archive is served", func() bool {
			resp, err := plainClient.Get(r.url("/a"))
			if err != nil {
				return false
			}
			defer resp.Body.Close()
			var b bytes.Buffer
			if _, err := b.ReadFrom(resp.Body); err != nil || resp.StatusCode == 503 {
				return false // it was cut off, as the archive was replaced
			}
			got := b.String()
			if resp.StatusCode != 200 || !slices.Contains(bodies, got) {
				t.Errorf("%s, %d bytes of several generations", resp.Status, len(got))
			}
			return got == bodies[n]
		})
	}
}

// TestRemoteSet: of a set on a server, the files in shards that are there are sent. Those in a
// shard that is missing are answered with 503 until it is there.
func TestRemoteSet(t *testing.T) {
	s := newStorage(t)
	s.putSet(t, files{"a": "in 0", "b": "in 1", "c": "in 2"})
	restore := s.remove("/a-00001-of-00003.tar.gz")
	r := start(t, serve.Options{CacheDir: t.TempDir(), Archives: []serve.Archive{
		s.open("/a-00000-of-00003.tar.gz", blocks.New(blocks.Options{Dir: t.TempDir()}))}})
	for path, want := range map[string]string{"/a": "in 0", "/c": "in 2", "/b": ""} {
		status, body := fetch(t, plainClient, r.url(path))
		if want == "" && status != 503 || want != "" && (status != 200 || body != want) {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	restore()
	if status, body := fetch(t, plainClient, r.url("/b")); status != 200 || body != "in 1" {
		t.Errorf("%d %q", status, body)
	}
}

// TestRemoteIndexHangs: while the server of an index that is read by blocks does not answer, other
// archives are served.
func TestRemoteIndexHangs(t *testing.T) {
	s := newStorage(t)
	tree := files{}
	for i := range 2000 { // the end of the index is not what Open has read
		tree[fmt.Sprintf("far%04d", i)] = "far"
	}
	s.put(t, tree)
	near := filepath.Join(t.TempDir(), "near.tar.gz")
	files{"x": "near"}.pack(t, near)
	far := serve.Archive{Path: s.URL + "/a.tar.gz", Mount: "/far",
		Open: func(ctx context.Context) (*tarpack.Archive, error) {
			return tarremote.Open(ctx, s.URL+"/a.tar.gz", &tarremote.Options{Retries: -1, LoadIndex: 1,
				HeaderTimeout: time.Hour})
		}}
	r := start(t, serve.Options{CacheDir: t.TempDir(),
		NoSiteConfig: true, // a look for these files reads the block that is to be missing
		Archives:     []serve.Archive{far, {Path: near, Mount: "/near"}}})
	hang := make(chan struct{})
	s.slow.Store(&hang)
	var waiting sync.WaitGroup
	for range 16 { // more than there are event loops
		waiting.Go(func() {
			if status, body := fetch(t, plainClient, r.url("/far/far1999")); status != 200 || body != "far" {
				t.Errorf("%d %q", status, body)
			}
		})
	}
	eventually(t, "a request waits", func() bool { return s.waiting.Load() > 0 })
	for range 50 {
		if status, body := fetch(t, plainClient, r.url("/near/x")); status != 200 || body != "near" {
			t.Errorf("%d %q", status, body)
		}
	}
	s.slow.Store(nil)
	close(hang)
	waiting.Wait()
}
