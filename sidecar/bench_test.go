package sidecar

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// go test ./sidecar -bench 'Lookup|Open' -sidecar.n 10000000
var benchEntries = flag.Int("sidecar.n", 1_000_000, "files in the sidecar that benchmarks use")

// benchPath names file i of a tree like generated documentation: 64 bytes on average, 100 files a directory.
func benchPath(i int) string {
	return fmt.Sprintf("%s/%s.%s-%05x.html", benchDir(i/100), []string{"fn", "struct", "trait", "enum"}[i%4],
		[]string{"into_iter", "Decoder", "AsRef", "ordering_of_entries"}[i/4%4], i*2654435761%(1<<20))
}

// benchDir names directory d.
func benchDir(d int) string { return fmt.Sprintf("share/doc/html/crate-%05d/module-%02d", d/20, d%20) }

// benchItems gives all items of a tree of n files to add.
func benchItems(n int, add func(Item) error) (archiveSize int64, err error) {
	off := int64(0)
	put := func(it Item) {
		it.Offset, it.HeaderLen, it.Mode, it.ModTime = off, 143, 0o644, 1_700_000_000
		off += it.Length()
		if err == nil {
			err = add(it)
		}
	}
	dir := func(path string) { put(Item{Path: path, Entry: Entry{Type: TypeDir}}) }
	dir("share")
	dir("share/doc")
	dir("share/doc/html")
	for i := range n {
		if i%2000 == 0 {
			dir(filepath.Dir(benchDir(i / 100)))
		}
		if i%100 == 0 {
			dir(benchDir(i / 100))
		}
		put(Item{Path: benchPath(i), Entry: Entry{
			Type: TypeFile, ContentLen: 2000, PadLen: 23, Size: 6001, Coding: CodingDeflate, Hash: uint64(i), CRC: uint32(i), Sniff: SniffHTML,
		}})
	}
	return off + trailerMember, err
}

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
	b := NewBuilder(BuilderOptions{Memory: 1 << 30})
	size, err := benchItems(*benchEntries, b.Add)
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

func benchIndex(b *testing.B) *Index {
	b.Helper()
	benchUsed = true
	name, err := benchFile()
	if err != nil {
		b.Fatal(err)
	}
	x, err := Open(name)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { x.Close() })
	return x
}

// benchPaths are paths to look up, in random order: too many for the caches of a processor to hold what they lead to. They
// lie side by side in memory, so that the processor has them at hand as a server has one that it just received.
func benchPaths(suffix string) []string {
	var all strings.Builder
	ends := make([]int, 1<<18)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range ends {
		all.WriteString(benchPath(r.IntN(*benchEntries)) + suffix)
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
