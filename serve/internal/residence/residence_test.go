package residence

import (
	"math/rand/v2"
	"testing"
)

// TestPages compares Pages with a map of pages.
func TestPages(t *testing.T) {
	const size = 1 << 20
	r := New(size)
	model := map[int64]bool{}
	now := int64(1000)
	random := rand.New(rand.NewPCG(1, 1))
	for i := range 20_000 {
		if i%3000 == 0 {
			now += rememberFor
			clear(model)
		}
		off := random.Int64N(size)
		n := 1 + random.Int64N(min(size-off, 300<<10))
		if i%2 == 0 {
			n = min(n, 5000)
		}
		want := true
		for page := off >> pageShift; page <= (off+n-1)>>pageShift; page++ {
			want = want && model[page]
			model[page] = true
		}
		if got := r.Known(off, n, now); got != want {
			t.Fatalf("%d bytes from %d: %v, want %v", n, off, got, want)
		}
		r.Note(off, n)
	}
}

// TestLastPage: the last byte of a file has a bit, whatever its size.
func TestLastPage(t *testing.T) {
	for _, size := range []int64{1, 4096, 4097, 64 << 12, 64<<12 + 1} {
		r := New(size)
		if r.Known(0, size, 1) {
			t.Errorf("%d bytes: known before they were read", size)
		}
		if r.Note(0, size); !r.Known(0, size, 1) || !r.Known(size-1, 1, 1) {
			t.Errorf("%d bytes: not known", size)
		}
	}
}
