package serve_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/serve"
)

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
		if err := osfile.Rename(from+suffix, to+suffix); err != nil {
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
		if err := osfile.Rename(bad, name); err != nil {
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
	if err := osfile.Rename(name+"~", name); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a word about the bad one",
		func() bool { return strings.Contains(r.log.String(), "still served as before") })
	if _, body := fetch(t, plainClient, r.url("/x")); body != "new" {
		t.Errorf("%q", body)
	}
	replace(t, files{"x": "newest"}.pack(t, filepath.Join(dir, "b.tar.gz")), name)
	eventually(t, "the newest content",
		func() bool { _, body := fetch(t, plainClient, r.url("/x")); return body == "newest" })
}

// TestWatchOne: an archive that is gone or damaged stays what it was, is told of once, and keeps no
// other from being replaced or from coming to a place that waits for it.
func TestWatchOne(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"a.tar.gz", "b.tar.gz", "c.tar.gz"} {
		files{"x": "old " + name[:1]}.pack(t, in(name))
	}
	plain := in("plain")
	if err := os.Mkdir(plain, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(plain, "x"), []byte("plain"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := start(t, serve.Options{Archives: []serve.Archive{
		{Mount: "a", Path: in("a.tar.gz")}, {Mount: "b", Path: in("b.tar.gz")},
		{Mount: "c", Path: in("c.tar.gz")}, {Mount: "later", Path: in("later.tar.gz"), Wait: true},
		{Mount: "plain", Path: plain},
	}}, serve.RunOptions{Watch: true})
	body := func(path string) string { _, b := fetch(t, plainClient, r.url(path)); return b }
	if err := os.Remove(in("a.tar.gz")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("~"), []byte("rubbish"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := osfile.Rename(in("~"), in("c.tar.gz")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a word about both", func() bool {
		s := r.log.String()
		return strings.Contains(s, in("a.tar.gz")+": no such file") &&
			strings.Contains(s, in("c.tar.gz")+": ")
	})
	replace(t, files{"x": "new b"}.pack(t, in("n.tar.gz")), in("b.tar.gz"))
	replace(t, files{"x": "new later"}.pack(t, in("n.tar.gz")), in("later.tar.gz"))
	eventually(t, "the new ones", func() bool {
		return body("/b/x") == "new b" && body("/later/x") == "new later"
	})
	for path, want := range map[string]string{"/a/x": "old a", "/c/x": "old c", "/plain/x": "plain"} {
		if got := body(path); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
	replace(t, files{"x": "new a"}.pack(t, in("n.tar.gz")), in("a.tar.gz"))
	replace(t, files{"x": "new c"}.pack(t, in("n.tar.gz")), in("c.tar.gz"))
	eventually(t, "all new ones", func() bool {
		return body("/a/x") == "new a" && body("/c/x") == "new c"
	})
	if n := strings.Count(r.log.String(), in("a.tar.gz")+": no such file"); n > 2 {
		t.Errorf("%d lines about what is gone:\n%s", n, r.log.String())
	}
}
