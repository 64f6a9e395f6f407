//go:build linux || darwin

package mount

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

func TestCombineCRC(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 3, 100, 1000, 65_536, 1 << 20} {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		for range 20 {
			cut := rng.IntN(n + 1)
			got := combineCRC(crc32.ChecksumIEEE(b[:cut]), crc32.ChecksumIEEE(b[cut:]), int64(n-cut))
			if want := crc32.ChecksumIEEE(b); got != want {
				t.Fatalf("%d + %d bytes: %08x, want %08x", cut, n-cut, got, want)
			}
		}
	}
}

// TestSums reads files in parts that overlap, in random orders. The last part that is missing shows
// that a byte is wrong, whichever it is, and no part does if none is.
func TestSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 300 {
		b := make([]byte, 1+rng.IntN(5000))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		want := crc32.ChecksumIEEE(b)
		wrong := round%2 == 0
		if wrong {
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		}
		var s sums
		key := place{i: round}
		seen, missing := make([]bool, len(b)), len(b)
		for missing > 0 {
			from := rng.IntN(len(b))
			to := min(from+1+rng.IntN(1000), len(b))
			for i := from; i < to; i++ {
				if !seen[i] {
					seen[i] = true
					missing--
				}
			}
			ok := s.add(key, int64(len(b)), want, int64(from), b[from:to])
			if !ok != (wrong && missing == 0) {
				t.Fatalf("round %d: %v with %d bytes missing, wrong is %v", round, ok, missing, wrong)
			}
		}
		if s.isBroken(key) != wrong || s.isBroken(place{i: -1}) {
			t.Fatalf("round %d: isBroken is not %v", round, wrong)
		}
	}
}

// TestSumsLimits: the memory is bounded, whatever is read.
func TestSumsLimits(t *testing.T) {
	var s sums
	b := make([]byte, 1)
	for i := range 3 * maxSumFiles {
		for off := range 3 * int64(maxRuns) {
			s.add(place{i: i}, 1<<40, 0, 2*off, b)
		}
	}
	if len(s.files) != maxSumFiles {
		t.Errorf("%d files", len(s.files))
	}
	for _, f := range s.files {
		if len(f.runs) > maxRuns {
			t.Errorf("%d runs", len(f.runs))
		}
	}
}
