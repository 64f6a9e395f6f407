package base_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/shard"
)

// TestPlaceHoldsShards: the shards that were placed last stay open, and no others.
func TestPlaceHoldsShards(t *testing.T) {
	const n = 3 * base.HeldShards
	var files [][2]string
	for i := range n {
		files = append(files, [2]string{fmt.Sprintf("f%02d", i), "x"})
	}
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	_, err := shard.Pack(t.Context(), tartest.Tree(t, files...), name, shard.PackOptions{Shards: n})
	if err != nil {
		t.Fatal(err)
	}
	a, err := base.OpenSet(t.Context(), format.SetNameOf(name, n), 0, &indexed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a.Set.Shards.Limit = 1 // so that a shard is open because it is held
	var placed []*os.File
	for i, off := 0, int64(0); i < n; off, i = off+a.Set.Shards.ShardSize(i), i+1 {
		for range 2 { // the second time changes nothing
			f, at, err := a.Place(off)
			if err != nil || at != 0 || f.Name() != a.Set.Shards.Name.Shard(i) {
				t.Fatalf("shard %d: %v at %d, %v", i, f, at, err)
			}
			if len(placed) == i {
				placed = append(placed, f)
			}
		}
		if i%5 == 4 { // one that was placed before is the last again
			if _, _, err := a.Place(off - a.Set.Shards.ShardSize(i-1)); err != nil {
				t.Fatal(err)
			}
		}
		for back := range min(i, base.HeldShards-1) + 1 {
			if _, err := placed[i-back].Stat(); err != nil {
				t.Fatalf("shard %d, after %d: %v", i-back, i, err)
			}
		}
		if i >= base.HeldShards+2 {
			if _, err := placed[i-base.HeldShards-2].Stat(); !errors.Is(err, os.ErrClosed) {
				t.Fatalf("shard %d is still open after %d: %v", i-base.HeldShards-2, i, err)
			}
		}
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	for i, f := range placed {
		if _, err := f.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("shard %d is still open", i)
		}
	}
}
