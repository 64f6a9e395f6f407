package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/tarpack/tpk/sidecar"
)

// entries is how many the index has that is timed.
const entries = 1_000_000

// index times opening and looking up.
func (b *bench) index() error {
	name := b.path("index.tpi")
	paths, err := buildIndex(name)
	if err != nil {
		return err
	}
	opened := testing.Benchmark(func(t *testing.B) {
		for t.Loop() {
			x, err := sidecar.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			x.Close()
		}
	})
	x, err := sidecar.Open(name)
	if err != nil {
		return err
	}
	defer x.Close()
	fmt.Printf("\na sidecar of %d entries, %.1f MB\n", x.Len(), float64(x.Size())/1e6)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	var rounds []float64
	for range b.runs {
		ns, err := lookups(x, paths)
		if err != nil {
			return err
		}
		rounds = append(rounds, ns)
	}
	slices.Sort(rounds)
	i := 0
	allocations := testing.AllocsPerRun(1000, func() {
		i++
		x.Lookup(paths[i])
	})
	missed := testing.Benchmark(func(t *testing.B) {
		for t.Loop() {
			x.Lookup("0/no/such/path.png")
		}
	})
	fmt.Printf("open %v; lookup %.0f ns (random order, median of %d rounds of %d), of a path that is not there %d ns\n",
		time.Duration(opened.NsPerOp()), rounds[len(rounds)/2], b.runs, len(paths), missed.NsPerOp())
	b.promise("lookup among 1,000,000 paths", rounds[len(rounds)/2], 300, "ns")
	b.promise("lookup: allocations", allocations, 0, "")
	b.promise("opening 1,000,000 entries", float64(opened.NsPerOp())/1e6, 1, "ms")
	return nil
}

// lookups looks all paths up and returns the time of one in nanoseconds. A caller has just read the path that it asks
// for, so each is brought into the processor's cache before the clock starts; the index is not.
func lookups(x *sidecar.Index, paths []string) (float64, error) {
	const batch = 200
	var total time.Duration
	arena := make([]byte, 0, batch*64)
	warm := make([]string, 0, batch)
	for chunk := range slices.Chunk(paths, batch) {
		arena, warm = arena[:0], warm[:0]
		for _, p := range chunk {
			arena = append(arena, p...)
		}
		text := string(arena)
		for _, p := range chunk {
			warm = append(warm, text[:len(p)])
			text = text[len(p):]
		}
		start := time.Now()
		for _, p := range warm {
			if _, ok, err := x.Lookup(p); !ok || err != nil {
				return 0, fmt.Errorf("%s is not found (%v)", p, err)
			}
		}
		total += time.Since(start)
	}
	return float64(total.Nanoseconds()) / float64(len(paths)), nil
}

// buildIndex writes the index of a tree of map tiles and returns its paths.
func buildIndex(name string) ([]string, error) {
	b := sidecar.NewBuilder(sidecar.BuilderOptions{})
	defer b.Close()
	paths := make([]string, 0, entries)
	offset := int64(0)
	add := func(p string, t sidecar.Type) error {
		it := sidecar.Item{Path: p}
		it.Type, it.Offset, it.HeaderLen, it.Mode = t, offset, 140, 0o644
		offset += 140
		if t == sidecar.TypeFile {
			it.Size, it.ContentLen, it.PadLen, it.Coding, it.Hash = 1000, 600, 23, sidecar.CodingDeflate, uint64(len(paths))
			offset += 623
		}
		paths = append(paths, p)
		return b.Add(it)
	}
	for z := 0; len(paths) < entries; z++ {
		for i := range 1000 {
			if i%100 == 0 {
				dir := fmt.Sprintf("tiles-%d", z)
				if i > 0 {
					dir = fmt.Sprintf("tiles-%d/%d", z, i/100)
				}
				if err := add(dir, sidecar.TypeDir); err != nil {
					return nil, err
				}
				continue
			}
			dir := fmt.Sprintf("tiles-%d", z)
			if i > 100 {
				dir += fmt.Sprint("/", i/100)
			}
			if err := add(fmt.Sprintf("%s/%d.png", dir, i*7919), sidecar.TypeFile); err != nil {
				return nil, err
			}
		}
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if _, _, err := b.Finish(f, offset+64); err != nil {
		return nil, err
	}
	return paths, f.Close()
}
