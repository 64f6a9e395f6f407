package tree

import (
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve/internal/listing"
)

// BenchmarkTree makes a tree of 2 MB.
func BenchmarkTree(b *testing.B) {
	text := "[" + strings.Repeat(`{"id": 12345, "name": "a name", "tags": ["x", "y"]}, `, 40_000) +
		"1]"
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		n, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		Unfold(n)
		w := writer{texts: &listing.Texts{}}
		w.root(n, false)
		b.ReportMetric(float64(w.Len()), "html-bytes")
	}
}
