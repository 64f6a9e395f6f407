package extract

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// TestHoleWriter writes zeros and other bytes in pieces of many lengths. The file has the same
// bytes, whatever the pieces are.
func TestHoleWriter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	name := filepath.Join(t.TempDir(), "f")
	for range 300 {
		var want []byte
		for range r.IntN(6) {
			run := make([]byte, r.IntN(3*holeSize))
			if r.IntN(2) == 0 {
				run = bytes.Repeat([]byte{'x'}, r.IntN(2*holeSize))
			}
			want = append(want, run...)
		}
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w := &holeWriter{ctx: context.Background(), f: f}
		for rest := want; len(rest) > 0; {
			n := min(len(rest), 1+r.IntN(2*holeSize))
			if m, err := w.Write(rest[:n]); m != n || err != nil {
				t.Fatal(m, err)
			}
			rest = rest[n:]
		}
		if err := errors.Join(w.end(), f.Close()); err != nil {
			t.Fatal(err)
		}
		if got := tartest.Read(t, name); !bytes.Equal(got, want) {
			t.Fatalf("%d bytes are not the %d that were written", len(got), len(want))
		}
	}
}
