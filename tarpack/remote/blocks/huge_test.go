package blocks

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// The end of an object of the largest size can be read: no sum of an offset and a length overflows.
func TestLargestSize(t *testing.T) {
	const size = math.MaxInt64
	for _, opts := range []Options{{Dir: filepath.Join(t.TempDir(), "cache")}, {}} {
		var asked []string
		g := New(opts).Open("key", size, func(_ context.Context, off, n int64) (io.ReadCloser, error) {
			asked = append(asked, fmt.Sprint(size-off, " ", n))
			return io.NopCloser(strings.NewReader(strings.Repeat("x", int(n)))), nil
		})
		const last = blockSize - 1 // bytes of the last block, as size is 2^63 - 1
		p := make([]byte, 2*blockSize)
		if n, err := g.ReadAt(p, size-10); n != 10 || err != io.EOF || string(p[:10]) != "xxxxxxxxxx" {
			t.Errorf("%d bytes, %v", n, err)
		}
		if err := g.Fetch(t.Context(), size-last-5, math.MaxInt64); err != nil {
			t.Error(err)
		}
		if !g.ReadNow(p[:last+5], size-last-5) || g.ReadNow(p[:11], size-10) {
			t.Error("other bytes are in the cache")
		}
		if g.Begin().Reject(size, math.MaxInt64) || g.Begin().Reject(-5, 3) {
			t.Error("no such bytes")
		}
		for range 3 { // a reader that goes forward
			if n, err := g.ReadAt(p[:1], size-3); n != 1 || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		}
		if !g.Begin().Reject(size-10, math.MaxInt64) || g.ReadNow(p[:1], size-1) {
			t.Error("it was not removed")
		}
		shut(t, g)
		want := fmt.Sprintf("[%d %d %d %d]", last, last, last+blockSize, blockSize)
		if fmt.Sprint(asked) != want {
			t.Errorf("asked for %v, want %s", asked, want)
		}
	}
}
