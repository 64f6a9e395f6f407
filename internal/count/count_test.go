package count_test

import (
	"testing"

	"github.com/tarpack/tpk/internal/count"
)

func TestOf(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 entries", 1: "1 entry", 2: "2 entries", 1200: "1,200 entries",
		1<<32 + 1: "4,294,967,297 entries",
	} {
		if got := count.Of(n, "entry", "entries"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
