package format

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/sidecar"
)

// A content gives the same record however it is cut into writes, also after another content.
func TestContentDigest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var d ContentDigest
	for _, content := range []string{
		"", "x", "<!DOCTYPE html><p>", "%PDF-1.7\n" + strings.Repeat("x", sidecar.SniffLen),
		strings.Repeat("\x00", 100_000),
	} {
		for range 5 {
			d.Reset()
			for rest := content; len(rest) > 0; {
				n := 1 + rng.IntN(len(rest))
				if m, err := d.Write([]byte(rest[:n])); m != n || err != nil {
					t.Fatal(m, err)
				}
				rest = rest[n:]
			}
			var e sidecar.Entry
			d.Record(&e)
			sniff := sidecar.SniffContent([]byte(content[:min(len(content), sidecar.SniffLen)]))
			if d.Size() != int64(len(content)) || e.Hash != xxhash.Sum64String(content) || e.Sniff != sniff {
				t.Errorf("%.20q: %d bytes, %016x, %v", content, d.Size(), e.Hash, e.Sniff)
			}
		}
	}
}
