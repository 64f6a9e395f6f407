package archives

import (
	"context"
	"testing"

	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/tarpack/export"
)

// TestExportCache requires that a layout is remembered as long as nothing has put the archive in
// doubt. It has bytes of tar headers, which may have been forged when it was made.
func TestExportCache(t *testing.T) {
	c := newExports()
	made := 0
	get := func(path string, format export.Format, proof *guard.Proof) {
		_, err := c.Get(layoutKey{path, format, proof}, t.Context,
			func(context.Context) (*export.File, error) {
				made++
				return nil, nil
			})
		if err != nil {
			t.Error(err)
		}
	}
	first, second := new(guard.Proof), new(guard.Proof)
	for _, x := range []struct {
		path   string
		format export.Format
		proof  *guard.Proof
		want   int // layouts made so far
	}{
		{"d", export.Zip, nil, 1}, {"d", export.Zip, nil, 1}, {"d", export.TarGz, nil, 2},
		{"e", export.Zip, nil, 3}, {"d", export.Zip, first, 4}, {"d", export.Zip, first, 4},
		{"d", export.Zip, second, 5}, {"d", export.Zip, second, 5},
	} {
		if get(x.path, x.format, x.proof); made != x.want {
			t.Errorf("%+v: %d layouts", x, made)
		}
	}
}
