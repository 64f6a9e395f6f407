package pull

import (
	"math/rand/v2"
	"testing"
)

// Given up ranges are missing, byte for byte, and the rest stays where it is in the file.
func TestForget(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		const size = 40
		var want [size]int64 // for each byte where it is in the file, or 0
		j := &journal{}
		pos := int64(1)
		for at := r.Int64N(4); at < size; at += r.Int64N(4) {
			s := span{at, min(size-at, 1+r.Int64N(8)), pos}
			j.spans = append(j.spans, s)
			for k := range s.n {
				want[s.off+k] = s.pos + k
			}
			at, pos = s.end(), pos+s.n+r.Int64N(3)
		}
		var wrong []span
		for range r.IntN(6) {
			off := r.Int64N(size)
			wrong = append(wrong, span{off: off, n: r.Int64N(size - off + 1)})
		}
		for _, w := range wrong {
			clear(want[w.off:w.end()])
		}
		j.forget(wrong...)
		var got [size]int64
		for _, s := range j.have() {
			for k := range s.n {
				got[s.off+k] = s.pos + k
			}
		}
		if got != want {
			t.Fatalf("%v without %v:\ngot  %v\nwant %v", j.spans, wrong, got, want)
		}
	}
}
