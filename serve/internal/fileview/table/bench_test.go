package table

import (
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve/internal/listing"
)

// BenchmarkTable makes a table of 1 MB.
func BenchmarkTable(b *testing.B) {
	text := "id,name,price,note\n" + strings.Repeat("12345,\"a name\",12.50,a longer note\n", 30_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		t := Parse(text, Detect(text, false), false)
		b.ReportMetric(float64(len(t.html(&listing.Texts{}, false))), "html-bytes")
	}
}
