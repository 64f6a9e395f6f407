package sidecar_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// go test ./sidecar -bench 'Lookup|Open' -sidecar.n 10000000
var benchEntries = flag.Int("sidecar.n", 1_000_000, "files in the sidecar that benchmarks use")

// benchFile builds the sidecar of a tree of n files, once.
var benchFile = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tpk-bench-")
	if err != nil {
		return "", err
	}
	f, err := os.Create(filepath.Join(dir, "bench.tpi"))
	if err != nil {
		return "", err
	}
	b := build.New(build.Options{Memory: 1 << 30})
	size, err := sidecartest.BenchItems(*benchEntries, b.Add)
	if err != nil {
		return "", err
	}
	if _, _, err = b.Finish(f, size); err != nil {
		return "", err
	}
	return f.Name(), f.Close()
})

func TestMain(m *testing.M) {
	code := m.Run()
	if benchUsed {
		if name, err := benchFile(); err == nil {
			os.RemoveAll(filepath.Dir(name))
		}
	}
	os.Exit(code)
}

var benchUsed bool

func benchIndexName(b *testing.B) string {
	b.Helper()
	benchUsed = true
	name, err := benchFile()
	if err != nil {
		b.Fatal(err)
	}
	return name
}

func benchIndex(b *testing.B) *sidecar.Index {
	b.Helper()
	x, err := sidecar.Open(benchIndexName(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { x.Close() })
	return x
}

// benchPaths returns paths to look up, in random order: too many for the caches of a processor to
// hold the bytes that they lead to. The paths themselves are side by side in memory, and so in the
// cache, like a path that a server has just received.
func benchPaths(suffix string) []string {
	var all strings.Builder
	ends := make([]int, 1<<18)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range ends {
		all.WriteString(sidecartest.BenchPath(r.IntN(*benchEntries)) + suffix)
		ends[i] = all.Len()
	}
	paths, begin := make([]string, len(ends)), 0
	for i, end := range ends {
		paths[i] = all.String()[begin:end]
		begin = end
	}
	return paths
}

func BenchmarkLookup(b *testing.B) {
	x := benchIndex(b)
	for _, c := range []struct {
		name, suffix string
		hit          bool
	}{{"hit", "", true}, {"miss", "x", false}} {
		b.Run(c.name, func(b *testing.B) {
			paths := benchPaths(c.suffix)
			for _, p := range paths {
				x.Lookup(p) // page faults
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				_, ok, err := x.Lookup(paths[i%len(paths)])
				if ok != c.hit || err != nil {
					b.Fatal(ok, err)
				}
				i++
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	name := benchIndexName(b)
	b.ReportAllocs()
	for b.Loop() {
		x, err := sidecar.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		x.Close()
	}
}

// BenchmarkAt asks for entries by number, at random.
func BenchmarkAt(b *testing.B) {
	x := benchIndex(b)
	order := rand.New(rand.NewPCG(3, 4)).Perm(min(x.Len(), 1<<18))
	for _, c := range []struct {
		name string
		call func(i int) error
	}{
		{"Entry", func(i int) error { _, err := x.Entry(i); return err }},
		{"AppendPath", func() func(i int) error {
			var buf []byte
			return func(i int) (err error) { buf, err = x.AppendPath(buf[:0], i); return err }
		}()},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := c.call(order[i%len(order)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// perEntry reports the time for each entry of x.
func perEntry(b *testing.B, x *sidecar.Index) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(x.Len()), "ns/entry")
}

func BenchmarkAll(b *testing.B) {
	x := benchIndex(b)
	for b.Loop() {
		for _, err := range x.All(0, x.Len()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	perEntry(b, x)
}

func BenchmarkVerify(b *testing.B) {
	x := benchIndex(b)
	for b.Loop() {
		if err := x.Verify(); err != nil {
			b.Fatal(err)
		}
	}
	perEntry(b, x)
}

// BenchmarkBuild adds items in the order of an archive and finishes, all in memory or with the
// default memory.
func BenchmarkBuild(b *testing.B) {
	for _, c := range []struct {
		name   string
		memory int
	}{{"memory", 1 << 30}, {"spill", 0}} {
		b.Run(c.name, func(b *testing.B) {
			var items []build.Item
			archive, err := sidecartest.BenchItems(*benchEntries,
				func(it build.Item) error { items = append(items, it); return nil })
			if err != nil {
				b.Fatal(err)
			}
			var size int64
			for b.Loop() {
				builder := build.New(build.Options{TempDir: b.TempDir(), Memory: c.memory})
				for i := range items {
					if err := builder.Add(items[i]); err != nil {
						b.Fatal(err)
					}
				}
				f, err := os.Create(filepath.Join(b.TempDir(), "x.tpi"))
				if err != nil {
					b.Fatal(err)
				}
				if _, size, err = builder.Finish(f, archive); err != nil {
					b.Fatal(err)
				}
				f.Close()
			}
			b.ReportMetric(float64(size)/float64(len(items)), "B/entry")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(items)), "ns/entry")
		})
	}
}

// BenchmarkMap is BenchmarkLookup with a map, for comparison. A map takes several times the memory,
// and opening it reads everything.
func BenchmarkMap(b *testing.B) {
	m := make(map[string]uint32, *benchEntries)
	for i := range *benchEntries {
		m[sidecartest.BenchPath(i)] = uint32(i)
	}
	for _, c := range []struct {
		name, suffix string
		hit          bool
	}{{"hit", "", true}, {"miss", "x", false}} {
		b.Run(c.name, func(b *testing.B) {
			paths := benchPaths(c.suffix)
			for i := 0; b.Loop(); i++ {
				if _, ok := m[paths[i%len(paths)]]; ok != c.hit {
					b.Fatal(ok)
				}
			}
		})
	}
}

func BenchmarkDigest(b *testing.B) {
	x := benchIndex(b)
	for b.Loop() {
		if d, err := build.Digest(sidecartest.ItemsOf(x), x.Len(), x.ArchiveSize()); err != nil ||
			d != x.Digest() {
			b.Fatal(d, err)
		}
	}
}
