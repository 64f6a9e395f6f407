package serve_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// fetched is the source of an archive whose bytes are fetched when they are needed.
type fetched struct{ *blocks.Generation }

func (fetched) Identity() string { return "one" }
func (fetched) Check() error     { return nil }

// TestBlocks: an archive that is fetched in blocks is served right, from the network, from the
// cache of an earlier server, and from memory. Each block is requested once.
func TestBlocks(t *testing.T) {
	content := files{"page.html": "<h1>far</h1>", "large.bin": noise(700 << 10),
		"text.txt": string(bytes.Repeat([]byte("text "), 40_000))}
	name := content.pack(t, filepath.Join(t.TempDir(), "far.tar.gz"))
	archive, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(name + format.SidecarSuffix)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "cache")
	for _, test := range []struct {
		name, dir string
		confirm   bool
		want      int64 // bytes that are fetched
	}{
		{"cold", dir, false, int64(len(archive))},
		{"cold again", dir, true, int64(len(archive))},
		{"warm", dir, false, 0},
		{"memory", "", false, int64(len(archive))},
	} {
		t.Run(test.name, func(t *testing.T) {
			var bytesFetched atomic.Int64
			fetch := func(_ context.Context, off, n int64) (io.ReadCloser, error) {
				bytesFetched.Add(n)
				return io.NopCloser(bytes.NewReader(archive[off : off+n])), nil
			}
			g := blocks.New(blocks.Options{Dir: test.dir, Limit: 1 << 30}).Open("far", int64(len(archive)),
				fetch)
			a, err := tarpack.OpenSource(context.Background(), "far", fetched{g}, bytes.NewReader(index),
				int64(len(index)), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			})
			var answers sync.WaitGroup
			for _, c := range clients(t, serve.Options{Archives: []serve.Archive{{Opened: a}}}) {
				for i := range 9 {
					path := []string{"page.html", "large.bin", "text.txt"}[i%3]
					answers.Go(func() {
						resp, err := c.http.Get(c.base + "/" + path)
						if err != nil {
							t.Error(err)
							return
						}
						defer resp.Body.Close()
						body, err := io.ReadAll(resp.Body)
						if err != nil || string(body) != content[path] {
							t.Errorf("%s, %s: %s, %d bytes, %v", c.name, path, resp.Status, len(body), err)
						}
					})
				}
			}
			answers.Wait()
			if test.confirm {
				g.Begin().Confirm(0, g.Size())
			}
			if n := bytesFetched.Load(); n != test.want {
				t.Errorf("%d bytes were fetched, want %d", n, test.want)
			}
		})
	}
}
