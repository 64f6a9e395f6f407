package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/source"
)

const sidePath = remotetest.Path + format.SidecarSuffix

// files are the contents of a small tree. big makes the archive larger than what Open fetches.
func files(seed string) [][2]string {
	list := [][2]string{{"a.txt", "a " + seed}, {"dir/b.txt", tartest.Text(seed, 5000)},
		{"dir/big", tartest.Noise(seed, 600_000)}}
	for i := range 50 {
		list = append(list, [2]string{fmt.Sprintf("many/%d", i), fmt.Sprint(i, seed)})
	}
	return list
}

// packed packs a tree and returns the archive and its sidecar.
func packed(t testing.TB, seed string, o pack.Options) (archive, side []byte) {
	t.Helper()
	name := tartest.Pack(t, tartest.Tree(t, files(seed)...), o)
	if o.EmbedIndex {
		return tartest.Read(t, name), nil
	}
	return tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
}

// serve starts a server with an archive and its sidecar.
func serve(t testing.TB, archive, side []byte) *remotetest.Server {
	t.Helper()
	s := remotetest.New(t, nil)
	s.Put(remotetest.Path, archive)
	s.Put(sidePath, side)
	return s
}

// newCache returns a cache in a directory.
func newCache(dir string) *blocks.Cache { return blocks.New(blocks.Options{Dir: dir}) }

// check reads all files and compares them with those of a seed. It returns the first error, and how
// many were right before.
func check(t testing.TB, a *tarpack.Archive, seed string) (right int, err error) {
	t.Helper()
	for _, f := range files(seed) {
		b, err := fs.ReadFile(a.FS(), f[0])
		if err != nil {
			return right, err
		}
		if string(b) != f[1] {
			t.Errorf("%s: other content", f[0])
		}
		right++
	}
	return right, nil
}

// openAndCheck opens the archive of a server and reads all of it.
func openAndCheck(t testing.TB, url, seed string, o *remote.Options) error {
	t.Helper()
	a, err := remote.Open(t.Context(), url, o)
	if err != nil {
		return err
	}
	_, err = check(t, a, seed)
	return errors.Join(err, a.Close())
}

// With the index beside the archive or in it, over https URLs and in S3, with a cache on the disk
// and without, mapped or read by blocks.
func TestOpen(t *testing.T) {
	archive, side := packed(t, "x", pack.Options{})
	embedded, _ := packed(t, "x", pack.Options{EmbedIndex: true})
	for name, s := range map[string]*remotetest.Server{
		"beside": serve(t, archive, side), "embedded": serve(t, embedded, nil),
		"stale beside embedded": serve(t, embedded, side[:600]),
		"other beside embedded": serve(t, embedded, side),
	} {
		c, err := s3.New(&s3.Options{Endpoint: s.URL, Anonymous: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, url := range []string{s.Object(), "s3:/" + remotetest.Path} {
			for _, limit := range []int64{0, 1} {
				for dir, cache := range map[string]*blocks.Cache{
					"": nil, "disk": newCache(t.TempDir()),
				} {
					t.Run(fmt.Sprintf("%s/%.2s/%d/%s", name, url, limit, dir), func(t *testing.T) {
						a, err := remote.Open(t.Context(), url,
							&remote.Options{S3: c, Blocks: cache, LoadIndex: limit})
						if err != nil {
							t.Fatal(err)
						}
						defer a.Close()
						if a.Name() != url || a.IndexEmbedded() != strings.Contains(name, "embedded") ||
							a.Source().Identity() == "" || a.IndexRebuilt() {
							t.Errorf("%s, %v", a.Name(), a.IndexEmbedded())
						}
						if _, err := check(t, a, "x"); err != nil {
							t.Error(err)
						}
						if err := a.Source().Check(); err != nil {
							t.Error(err)
						}
						if err := a.Index().Verify(); err != nil {
							t.Error(err)
						}
					})
				}
			}
		}
	}
}

// Opening takes two requests, at the same time. A small file takes one, and none the second time.
// The index is fetched once, and so is what was read, since it was right.
func TestRequests(t *testing.T) {
	archive, side := packed(t, "x", pack.Options{})
	s := serve(t, archive, side)
	dir := t.TempDir()
	// Each answer waits until both requests are there.
	both := func() {
		var at sync.WaitGroup
		at.Add(2)
		s.Do(func(n int, _ *http.Request) remotetest.Fault {
			if n > 1 {
				return nil
			}
			return func(*remotetest.Answer, *http.Request) {
				at.Done()
				at.Wait()
			}
		})
	}
	for i, want := range []int{1, 0} { // more than the two of opening
		both()
		cache := newCache(dir)
		a, err := remote.Open(t.Context(), s.Object(), &remote.Options{Blocks: cache})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(s.Requests()); n != 2 {
			t.Errorf("%d: %q", i, s.Ranges())
		}
		for range 2 {
			if b, err := fs.ReadFile(a.FS(), "a.txt"); err != nil || string(b) != "a x" {
				t.Error(err)
			}
		}
		if n := len(s.Requests()) - 2; n != want {
			t.Errorf("%d: %q", i, s.Ranges())
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

// quick are options with which a server that hangs is given up soon.
func quick() *remote.Options {
	return &remote.Options{Retries: 1, RetryAfter: time.Second, HeaderTimeout: 300 * time.Millisecond,
		StallTimeout: 300 * time.Millisecond}
}

// Whatever a server does to the requests for the archive or for its sidecar, once or always, what
// is read is right or there is one error with a name. With -short, a quarter of what it may do.
func TestHostileServer(t *testing.T) {
	archive, side := packed(t, "x", pack.Options{})
	cases := append([]remotetest.Case{{Name: "flip", Fault: remotetest.Flip}}, remotetest.Cases...)
	for i, test := range cases {
		if testing.Short() && i%4 > 0 {
			continue
		}
		for _, path := range []string{remotetest.Path, sidePath} {
			for _, always := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s%s/%v", test.Name, filepath.Ext(path), always), func(t *testing.T) {
					t.Parallel()
					s := serve(t, archive, side)
					var mu sync.Mutex
					left := 1
					s.Do(func(_ int, r *http.Request) remotetest.Fault {
						mu.Lock()
						defer mu.Unlock()
						if r.URL.Path != path || left == 0 {
							return nil
						}
						if !always {
							left--
						}
						return test.Fault
					})
					o := quick()
					o.Blocks = newCache(t.TempDir())
					err := openAndCheck(t, s.Object(), "x", o)
					if err != nil && !strings.HasPrefix(err.Error(), s.URL) &&
						!strings.Contains(err.Error(), ": "+s.URL) && test.Name != "flip" {
						t.Errorf("no name: %v", err)
					}
					if err != nil && strings.Contains(err.Error(), "\n") {
						t.Errorf("several lines: %v", err)
					}
					if !always && path == sidePath && err != nil && test.Once == "" && test.OpenOnce == "" {
						t.Error(err)
					}
				})
			}
		}
	}
}

// An index that was damaged on the way is fetched again.
func TestDamagedOnTheWay(t *testing.T) {
	archive, side := packed(t, "x", pack.Options{})
	s := serve(t, archive, side)
	for _, disk := range []string{"", t.TempDir()} {
		var mu sync.Mutex
		left := true
		s.Do(func(_ int, r *http.Request) remotetest.Fault {
			mu.Lock()
			defer mu.Unlock()
			if r.URL.Path == sidePath && left {
				left = false
				return remotetest.Flip
			}
			return nil
		})
		if err := openAndCheck(t, s.Object(), "x", &remote.Options{Blocks: newCache(disk)}); err != nil {
			t.Error(err)
		}
	}
	s.Put(sidePath, append(bytes.Clone(side[:len(side)-1]), side[len(side)-1]^1))
	err := openAndCheck(t, s.Object(), "x", nil)
	if !errors.Is(err, format.ErrStale) || !strings.HasPrefix(err.Error(), s.URL+sidePath+": ") {
		t.Error(err)
	}
}

// An archive without an index.
func TestNoIndex(t *testing.T) {
	archive, side := packed(t, "x", pack.Options{})
	_, other := packed(t, "y", pack.Options{})
	for name, test := range map[string]struct {
		side []byte
		want error
	}{
		"none": {nil, format.ErrNoSidecar}, "other": {other, format.ErrStale},
		"page": {[]byte("<html>not found</html>"), format.ErrStale},
		"cut":  {side[:len(side)/2], format.ErrStale}, "empty": {[]byte{}, format.ErrStale},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, archive, test.side)
			err := openAndCheck(t, s.Object(), "x", nil)
			if !errors.Is(err, test.want) {
				t.Error(err)
			}
			var notices []error
			o := &remote.Options{BuildIndex: true,
				Notice: func(err error) { notices = append(notices, err) }}
			if err := openAndCheck(t, s.Object(), "x", o); err != nil || len(notices) != 1 ||
				!errors.Is(notices[0], remote.ErrBuilding) {
				t.Error(err, notices)
			}
		})
	}
	// A server that does not tell what is missing from what is denied, as S3 does.
	s := serve(t, archive, nil)
	s.Do(func(_ int, r *http.Request) remotetest.Fault {
		if r.URL.Path == sidePath {
			return remotetest.Status(403, "")
		}
		return nil
	})
	if err := openAndCheck(t, s.Object(), "x", nil); !errors.Is(err, format.ErrNoSidecar) {
		t.Error(err)
	}
	// What is no archive.
	for _, foreign := range [][]byte{{}, []byte("text"), bytes.Repeat([]byte("text"), 100_000)} {
		s := serve(t, foreign, side)
		if err := openAndCheck(t, s.Object(), "x", nil); !errors.Is(err, format.ErrNotArchive) ||
			!strings.HasPrefix(err.Error(), s.Object()+": ") {
			t.Error(err)
		}
	}
	s = serve(t, nil, nil)
	if err := openAndCheck(t, s.Object(), "x", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// An archive that is replaced while it is opened: it is opened again.
func TestReplacedWhileOpening(t *testing.T) {
	older, olderSide := packed(t, "x", pack.Options{})
	newer, newerSide := packed(t, "y", pack.Options{})
	for name, when := range map[string]struct {
		path string
		nth  int // request for it, after which both are replaced
	}{
		"archive first": {remotetest.Path, 0}, "sidecar first": {sidePath, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, older, olderSide)
			var mu sync.Mutex
			seen := map[string]int{}
			replaced := make(chan struct{})
			s.Do(func(_ int, r *http.Request) remotetest.Fault {
				mu.Lock()
				defer mu.Unlock()
				n := seen[r.URL.Path]
				seen[r.URL.Path]++
				if n > 0 {
					return nil
				}
				if r.URL.Path == when.path {
					return func(*remotetest.Answer, *http.Request) {
						s.Put(remotetest.Path, newer)
						s.Put(sidePath, newerSide)
						close(replaced)
					}
				}
				// The first request for the other one is answered with what is there then.
				return remotetest.Handle(func(w http.ResponseWriter, r *http.Request) {
					<-replaced
					http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(
						map[string][]byte{remotetest.Path: newer, sidePath: newerSide}[r.URL.Path]))
				})
			})
			if err := openAndCheck(t, s.Object(), "y", nil); err != nil {
				t.Error(err)
			}
		})
	}
	// The sidecar never follows.
	s := serve(t, newer, olderSide)
	s.Do(nil)
	if err := openAndCheck(t, s.Object(), "y", nil); !errors.Is(err, format.ErrStale) {
		t.Error(err)
	}
	if n := len(s.Requests()); n > 6 {
		t.Errorf("%d requests", n)
	}
}

// An archive that is replaced while it is open: what was not read yet can't be read any more, until
// it is opened again.
func TestReplaced(t *testing.T) {
	older, olderSide := packed(t, "x", pack.Options{})
	newer, newerSide := packed(t, "y", pack.Options{})
	s := serve(t, older, olderSide)
	o := &remote.Options{Blocks: newCache(t.TempDir())}
	a, err := remote.Open(t.Context(), s.Object(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := fs.ReadFile(a.FS(), "a.txt"); err != nil {
		t.Fatal(err)
	}
	s.Put(remotetest.Path, newer)
	s.Put(sidePath, newerSide)
	right, err := check(t, a, "x")
	if !errors.Is(err, source.ErrChanged) || right == 0 {
		t.Errorf("%d files, %v", right, err)
	}
	if err := a.Source().Check(); !errors.Is(err, source.ErrChanged) {
		t.Error(err)
	}
	if err := openAndCheck(t, s.Object(), "y", o); err != nil {
		t.Error(err)
	}
}

// An archive of the same size, put in place of another one with the same ETag, as servers have that
// make it of size and time. Nothing of the older one that is in the cache is used, and what is read
// of the newer one through the older one is not taken for a damaged archive.
func TestSameETag(t *testing.T) {
	o := pack.Options{EmbedIndex: true, Level: pack.NoCompression}
	older, _ := packed(t, "x", o)
	newer, _ := packed(t, "y", o)
	if len(older) != len(newer) {
		t.Fatalf("%d and %d bytes", len(older), len(newer))
	}
	s := remotetest.New(t, older)
	cached := &remote.Options{Blocks: newCache(t.TempDir())}
	a, err := remote.Open(t.Context(), s.Object(), cached)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if b, err := fs.ReadFile(a.FS(), "a.txt"); string(b) != "a x" || err != nil {
		t.Fatalf("%q, %v", b, err)
	}
	s.Replace(newer, `"1"`, remotetest.Modified)
	if right, err := check(t, a, "x"); !errors.Is(err, source.ErrChanged) {
		t.Errorf("%d files, %v", right, err)
	}
	if err := a.Source().Check(); !errors.Is(err, source.ErrChanged) {
		t.Error(err)
	}
	if err := openAndCheck(t, s.Object(), "y", cached); err != nil {
		t.Error(err)
	}
}

// Without a strong ETag nothing that was fetched by another Open is used.
func TestWeak(t *testing.T) {
	older, side := packed(t, "x", pack.Options{})
	s := serve(t, older, side)
	weak := remotetest.Always(remotetest.ETag(`W/"1"`))
	s.Do(weak)
	var notices []error
	o := &remote.Options{Blocks: newCache(t.TempDir()), Notice: func(err error) {
		notices = append(notices, err)
	}}
	if err := openAndCheck(t, s.Object(), "x", o); err != nil {
		t.Error(err)
	}
	if len(notices) != 2 || !errors.Is(notices[0], object.ErrWeak) {
		t.Error(notices)
	}
	newer, newerSide := packed(t, "y", pack.Options{})
	s.Put(remotetest.Path, newer)
	s.Put(sidePath, newerSide)
	s.Do(weak)
	if err := openAndCheck(t, s.Object(), "y", o); err != nil {
		t.Error(err)
	}
}

// A context that ends while an archive is opened.
func TestCanceled(t *testing.T) {
	archive, side := packed(t, "x", pack.Options{})
	for _, path := range []string{remotetest.Path, sidePath} {
		s := serve(t, archive, side)
		ctx, cancel := context.WithCancel(t.Context())
		s.Do(func(_ int, r *http.Request) remotetest.Fault {
			if r.URL.Path != path {
				return nil
			}
			cancel()
			return remotetest.Hang
		})
		if _, err := remote.Open(ctx, s.Object(), nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

func TestIsURL(t *testing.T) {
	for name, want := range map[string]bool{
		"https://h/a": true, "HTTP://h": true, "s3://b/k": true, "http:/x": false, "a.tar.gz": false,
		"": false, "ftp://h/a": false, "./https://h": false,
	} {
		if remote.IsURL(name) != want {
			t.Error(name)
		}
	}
	for _, bad := range []string{"ftp://h/a", "a.tar.gz", "s3://b", "https://"} {
		if _, err := remote.Open(t.Context(), bad, nil); err == nil {
			t.Error(bad)
		}
	}
}
