package serve_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
)

// TestRunKeepsProcessors: a program that embeds a Server keeps its GOMAXPROCS, however many
// connections are answered.
func TestRunKeepsProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}})
	if status, body := fetch(t, plainClient, r.url("/file")); status != 200 || body != site()["file"] {
		t.Errorf("%d, %d bytes", status, len(body))
	}
	if now := runtime.GOMAXPROCS(0); now != before {
		t.Errorf("GOMAXPROCS was %d and is %d", before, now)
	}
}

// TestRunStoppedEarly ends a server while it converts or indexes: Run returns why, and leaves
// nothing behind, neither in the cache nor beside the archive.
func TestRunStoppedEarly(t *testing.T) {
	for _, c := range []struct {
		name  string
		make  func(t *testing.T, name string)
		begun string // in the log when it begins
	}{
		{"site.zip", func(t *testing.T, name string) { writeZip(t, name, "content") }, "converting"},
		{"a.tar.gz", func(t *testing.T, name string) {
			files{"x": noise(1 << 20)}.pack(t, name)
			if err := os.Remove(name + ".tpi"); err != nil {
				t.Fatal(err)
			}
		}, "indexing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, kept := t.TempDir(), t.TempDir()
			name := filepath.Join(dir, c.name)
			c.make(t, name)
			why := errors.New("stopped")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			s, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: name}}, CacheDir: kept,
				Log: func(line string) {
					if strings.Contains(line, c.begun) {
						cancel(why)
					}
				}})
			if err != nil {
				t.Fatal(err)
			}
			err = s.Run(ctx, serve.RunOptions{Listen: []string{"127.0.0.1:0"},
				Ready: func([]net.Addr) { t.Error("it is ready") }})
			s.Close()
			if !errors.Is(err, why) {
				t.Errorf("Run: %v", err)
			}
			for dir, want := range map[string]int{dir: 1, kept: 0} {
				if left, err := os.ReadDir(dir); err != nil || len(left) != want {
					t.Errorf("%s: %v, %v", dir, left, err)
				}
			}
		})
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
