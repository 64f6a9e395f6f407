package format_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// FindUnit finds a unit across the borders of its windows.
func TestFindUnit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	u := tartest.AFile("some/path", "content")(0)
	for range 200 {
		before := rng.IntN(3 * format.SearchWindow)
		b := append([]byte(strings.Repeat("\x1f\x8b\x08", before/3+1)[:before]), u...)
		b = append(b, make([]byte, rng.IntN(format.SearchWindow))...)
		got, err := format.FindUnit(
			context.Background(),
			bytes.NewReader(b),
			int64(len(b)),
			int64(rng.IntN(before+1)),
			int64(len(b)),
		)
		if err != nil || got != int64(before) {
			t.Fatalf("a unit at %d is found at %d, %v", before, got, err)
		}
	}
}
