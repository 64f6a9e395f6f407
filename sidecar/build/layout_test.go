package build

import (
	"testing"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// TestBuildLayout writes down the arithmetic of the values in the sorters.
func TestBuildLayout(t *testing.T) {
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"item", itemMore, 8 + layout.RecordSize + 1},
		{"reference", refSize, 4 + 8 + 8},
		{"patch of a link", linkPatchSize, 4 + 8 + 8 + 1},
		{"pair", pairSize, 8 + 4},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
}
