package serve_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/serve/internal/archives"
)

// fetch gets a URL and returns status and body. The body is "ABORTED" if it was cut off.
func fetch(t testing.TB, c *http.Client, url string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "ABORTED"
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.StatusCode, "ABORTED"
	}
	return resp.StatusCode, string(b)
}

var plainClient = &http.Client{Transport: &http.Transport{DisableCompression: true,
	MaxIdleConnsPerHost: 64}, Timeout: 20 * time.Second}

// eventually waits for a condition that another goroutine brings about.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

// version is a site whose files have the version in them.
func version(n int) files {
	return files{
		"index.html": fmt.Sprintf("version %d",
			n), "mid.txt": strings.Repeat(fmt.Sprintf("version %d\n", n), 30_000),
		"film.mp4": fmt.Sprintf("version %d", n) + noise(2<<20),
	}
}

// replace replaces one archive by another as tpk pack does, by two renames.
func replace(t testing.TB, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", ".tpi"} {
		if err := os.Rename(from+suffix, to+suffix); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReplaceUnderLoad replaces the archive many times while clients read. Each response is
// entirely of one version.
func TestReplaceUnderLoad(t *testing.T) {
	dir := t.TempDir()
	name := version(0).pack(t, filepath.Join(dir, "a.tar.gz"))
	const versions = 8
	for i := 1; i < versions; i++ {
		version(i).pack(t, fmt.Sprintf("%s/%d.tar.gz", dir, i))
	}
	want := make([]files, versions)
	for i := range want {
		want[i] = version(i)
	}
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}}})
	var current, asked atomic.Int64
	var clients sync.WaitGroup
	stop := make(chan struct{})
	for range 8 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				path := []string{"index.html", "mid.txt", "film.mp4"}[rand.IntN(3)]
				before := current.Load()
				status, body := fetch(t, plainClient, r.url("/"+path))
				after := current.Load()
				asked.Add(1)
				ok := false
				for v := before; v <= min(after+1, versions-1); v++ {
					ok = ok || body == want[v][path]
				}
				if status != 200 || !ok {
					t.Errorf("%s: %d, %d bytes, %.12q; version %d to %d", path, status, len(body),
						body, before, after)
					return
				}
			}
		})
	}
	clientsAsk := func() { // until each has asked for a while
		for before := asked.Load(); asked.Load() < before+16 && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
	}
	for i := 1; i < versions; i++ {
		clientsAsk()
		replace(t, fmt.Sprintf("%s/%d.tar.gz", dir, i), name)
		if err := r.Reload(context.Background()); err != nil {
			t.Fatal(err)
		}
		current.Store(int64(i))
	}
	clientsAsk()
	close(stop)
	clients.Wait()
}

// TestOldFilesAreClosed counts descriptors: those of the old archive are closed when its last
// transfer is over, and not before.
func TestOldFilesAreClosed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := files{"big": noise(64 << 20)}.pack(t, filepath.Join(dir, "a.tar.gz"))
	files{"big": "new"}.pack(t, filepath.Join(dir, "b.tar.gz"))
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}}})
	deleted := func() (n int) {
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc here")
		}
		for _, fd := range fds {
			if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.HasPrefix(target,
				name) && strings.HasSuffix(target, "(deleted)") {
				n++
			}
		}
		return n
	}
	resp, err := plainClient.Get(r.url("/big"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	replace(t, filepath.Join(dir, "b.tar.gz"), name)
	if err := r.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, body := fetch(t, plainClient, r.url("/big")); body != "new" {
		t.Errorf("after the reload: %.20q", body)
	}
	if deleted() == 0 {
		t.Error("the old file was closed while it was being sent")
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Equal(b, []byte(noise(64<<20))) {
		t.Errorf("the old transfer: %v, %d bytes", err, len(b))
	}
	eventually(t, "the old files are closed", func() bool { return deleted() == 0 })
}

// TestBadReplacement: a bad archive changes nothing, and the error names it.
func TestBadReplacement(t *testing.T) {
	dir := t.TempDir()
	name := files{"x": "old"}.pack(t, filepath.Join(dir, "a.tar.gz"))
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}}})
	good := readFile(t, name)
	for what, content := range map[string]string{"empty": "", "text": "no archive",
		"cut": good[:len(good)-10], "moved": "x" + good} {
		bad := filepath.Join(dir, "bad")
		if err := os.WriteFile(bad, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(bad, name); err != nil {
			t.Fatal(err)
		}
		if err := r.Reload(context.Background()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", what, err)
		}
		if status, body := fetch(t, plainClient, r.url("/x")); status != 200 || body != "old" {
			t.Errorf("%s: %d %q", what, status, body)
		}
	}
	// While something is appended to an archive, it still is what its index describes.
	if err := os.WriteFile(name, []byte(good+"x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(context.Background()); err != nil {
		t.Errorf("grown: %v", err)
	}
	if status, body := fetch(t, plainClient, r.url("/x")); status != 200 || body != "old" {
		t.Errorf("grown: %d %q", status, body)
	}
}

// TestWatch replaces an archive without a signal to the server.
func TestWatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := files{"x": "old"}.pack(t, filepath.Join(dir, "a.tar.gz"))
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}}},
		serve.RunOptions{Watch: true})
	replace(t, files{"x": "new"}.pack(t, filepath.Join(dir, "b.tar.gz")), name)
	eventually(t, "the new content",
		func() bool { _, body := fetch(t, plainClient, r.url("/x")); return body == "new" })
	if err := os.WriteFile(name+"~", []byte("rubbish"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+"~", name); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a word about the bad one",
		func() bool { return strings.Contains(r.log.String(), "old archives are still served") })
	if _, body := fetch(t, plainClient, r.url("/x")); body != "new" {
		t.Errorf("%q", body)
	}
	replace(t, files{"x": "newest"}.pack(t, filepath.Join(dir, "b.tar.gz")), name)
	eventually(t, "the newest content",
		func() bool { _, body := fetch(t, plainClient, r.url("/x")); return body == "newest" })
}

// TestTruncation cuts the archive and the sidecar short under load. Each answer is complete or
// fails; there is no short success, and no SIGBUS.
func TestTruncation(t *testing.T) {
	t.Parallel()
	tree := files{}
	for i := range 400 {
		tree[fmt.Sprintf("d%d/f%d.txt", i%7, i)] = words(500 + i*40)
		tree[fmt.Sprintf("d%d/n%d.bin", i%7, i)] = noise(500 + i*400)
	}
	tree["big.txt"] = words(3 << 20)
	var paths []string
	for p := range tree {
		paths = append(paths, p)
	}
	for _, c := range []struct {
		what   string
		suffix string
		keep   float64
	}{{"archive in the middle", "", 0.5}, {"archive to nothing", "", 0}, {"sidecar in the middle",
		".tpi", 0.5}, {"sidecar to nothing", ".tpi", 0}} {
		t.Run(c.what, func(t *testing.T) {
			name := tree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
			r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}}})
			var cut atomic.Bool
			var whole, failed atomic.Int64
			var clients sync.WaitGroup
			for range 6 {
				clients.Go(func() {
					for i := range 250 {
						if i == 100 && cut.CompareAndSwap(false, true) {
							size := float64(len(readFile(t, name+c.suffix)))
							if err := os.Truncate(name+c.suffix, int64(size*c.keep)); err != nil {
								t.Error(err)
							}
						}
						p := paths[rand.IntN(len(paths))]
						coding := []string{"Accept-Encoding: gzip", "Accept-Encoding: identity"}[i%2]
						status, body := fetch(t, plainClient, r.url("/"+p), coding)
						switch {
						case status == 200 && body != "ABORTED":
							if strings.HasPrefix(body, "\x1f\x8b\x08") {
								body = gunzip(t, body)
							}
							if body != tree[p] {
								t.Errorf("%s, %s: other content, %d of %d bytes", p, coding, len(body), len(tree[p]))
							}
							whole.Add(1)
						case status == 500, status == 503, body == "ABORTED":
							failed.Add(1)
						default:
							t.Errorf("%s: %d", p, status)
						}
					}
				})
			}
			clients.Wait()
			// The index was read into memory.
			if whole.Load() == 0 || (failed.Load() == 0) != (c.suffix == ".tpi") {
				t.Errorf("%d whole, %d failed", whole.Load(), failed.Load())
			}
		})
	}
}

// TestDamage flips a byte in members. Inflating fails visibly. The raw member is sent, with its
// checksum.
func TestDamage(t *testing.T) {
	tree := files{"small.txt": words(5000), "mid.txt": words(300_000), "big.txt": words(3 << 20),
		"noise.bin": noise(5000)}
	for _, n := range []int{65_535, 65_536, 70_000, 1<<20 - 1, 1 << 20, 3<<20 + 5} { // stored
		tree[fmt.Sprintf("stored-%d", n)] = noise(n)
	}
	name := tree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	lib, err := archives.NewLibrary(archives.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer lib.Close()
	if err := lib.Load(context.Background(), []archives.Spec{{Path: name}}); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var v archives.View
	lib.View(&v)
	for p := range tree {
		n, err := v.Lookup(p)
		if err != nil {
			t.Fatal(err)
		}
		at := n.Offset + n.Length*3/4
		var b [1]byte
		_, _ = f.ReadAt(b[:], at)
		b[0] ^= 0x10
		if _, err := f.WriteAt(b[:], at); err != nil {
			t.Fatal(err)
		}
	}
	v.Release()
	// An index that is newer than its archive is trusted.
	if err := errors.Join(f.Close(), os.Chtimes(name+".tpi", siteTime, siteTime)); err != nil {
		t.Fatal(err)
	}
	for _, c := range clients(t, serve.Options{Archives: []serve.Archive{{Path: name}}}) {
		for p := range tree {
			for _, header := range []string{"X: x", "Range: bytes=0-"} {
				status, body := fetch(t, c.http, c.base+"/"+p, header)
				if status < 300 && body != "ABORTED" {
					t.Errorf("%s: %s, %s: %d and %d bytes", c.name, p, header, status, len(body))
				}
			}
		}
		if status, body := fetch(t, c.http, c.base+"/big.txt",
			"Range: bytes=10-19"); status != 206 || body != tree["big.txt"][10:20] {
			t.Errorf("%s: a range of what is not damaged: %d %q", c.name, status, body)
		}
	}
}

// TestShutdown ends a server during a transfer. The transfer finishes, and a new connection is
// refused.
func TestShutdown(t *testing.T) {
	t.Parallel()
	name := files{"big": noise(48 << 20), "x": "x"}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}}},
		serve.RunOptions{ShutdownTimeout: 20 * time.Second})
	idle := &http.Client{Transport: &http.Transport{}}
	if status, _ := fetch(t, idle, r.url("/x")); status != 200 {
		t.Fatal(status)
	}
	resp, err := plainClient.Get(r.url("/big"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	ended := make(chan error, 1)
	go func() { ended <- r.stop() }()
	eventually(t, "a new request is refused", func() bool {
		status, _ := fetch(t, idle, r.url("/x"))
		return status == 0
	})
	select {
	case <-ended:
		t.Fatal("it did not wait for the transfer")
	default:
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil || len(b) != 48<<20 {
		t.Errorf("the transfer: %v after %d bytes", err, len(b))
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestShutdownTimeout: a transfer that does not end is cut off.
func TestShutdownTimeout(t *testing.T) {
	t.Parallel()
	name := files{"big": noise(48 << 20)}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}}},
		serve.RunOptions{ShutdownTimeout: 300 * time.Millisecond})
	resp, err := plainClient.Get(r.url("/big"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	began := time.Now()
	if err := r.stop(); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	if _, err := io.Copy(io.Discard, resp.Body); err == nil ||
		errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the transfer was to be cut off: %v", err)
	}
	if !strings.Contains(r.log.String(), "cut off") {
		t.Error("nothing was said")
	}
}

// TestMissingIndex starts without a sidecar, or with that of another archive. The archive is
// indexed, once if there is a directory for that, and nothing is written beside it.
func TestMissingIndex(t *testing.T) {
	other := files{"y": "y"}.pack(t, filepath.Join(t.TempDir(), "b.tar.gz"))
	for _, stale := range []bool{false, true} {
		for _, keep := range []bool{false, true} {
			dir := t.TempDir()
			name := files{"x": "content"}.pack(t, filepath.Join(dir, "a.tar.gz"))
			want := readFile(t, name+".tpi")
			if err := os.Remove(name + ".tpi"); err != nil {
				t.Fatal(err)
			}
			if stale {
				if err := os.WriteFile(name+".tpi", []byte(readFile(t, other+".tpi")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			before, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			o := serve.Options{Archives: []serve.Archive{{Path: name}}}
			if keep {
				o.CacheDir = filepath.Join(t.TempDir(), "cache")
			}
			for i := range 2 {
				r := start(t, o)
				if status, body := fetch(t, plainClient, r.url("/x")); status != 200 || body != "content" {
					t.Errorf("%d %q", status, body)
				}
				if status, body := fetch(t, plainClient, r.url("/?download=tpi")); keep &&
					(status != 200 || body != want) {
					t.Errorf("the index: %d", status)
				}
				if said := strings.Contains(r.log.String(), "indexing"); said != (!keep || i == 0) {
					t.Errorf("stale %v, kept %v, start %d: %q", stale, keep, i, r.log.String())
				}
				if err := r.stop(); err != nil {
					t.Error(err)
				}
			}
			after, err := os.ReadDir(dir)
			if err != nil || len(after) != len(before) {
				t.Errorf("%q, before %q", after, before)
			}
		}
	}
}
