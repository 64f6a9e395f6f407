package serve_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/serve/internal/archives"
)

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
