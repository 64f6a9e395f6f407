package build_test

import (
	"bytes"
	"cmp"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// TestPure: the bytes depend neither on the memory allowed nor on the order of Add, as far as that
// is free.
func TestPure(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	m := sidecartest.RandomModel(r, 3000)
	t.Run("", func(t *testing.T) { pure(t, r, m, false) })
	t.Run("sums", func(t *testing.T) { pure(t, r, m, true) })
}

func pure(t *testing.T, r *rand.Rand, m *sidecartest.Model, sums bool) {
	want, digest, err := sidecartest.Build(m.Items, m.Archive, build.Options{SHA256: sums})
	if err != nil {
		t.Fatal(err)
	}
	for _, memory := range []int{1, 100_000, 1 << 20} {
		dir := t.TempDir()
		got, d, err := sidecartest.Build(shuffleMembers(r, m.Items), m.Archive,
			build.Options{TempDir: dir, Memory: memory, SHA256: sums})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) || d != digest {
			t.Errorf("with memory %d: digest %016x, want %016x", memory, d, digest)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	if got := (*layout.Header)(want).Sum(); got != digest {
		t.Errorf("digest %016x, of the header %016x", digest, got)
	}
}

// shuffleMembers changes the order of items, but not among those that share a member.
func shuffleMembers(r *rand.Rand, items []build.Item) []build.Item {
	groups := map[int64][]build.Item{}
	for _, it := range items {
		groups[it.Offset] = append(groups[it.Offset], it)
	}
	order := slices.SortedFunc(maps.Keys(groups), cmp.Compare[int64])
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	var out []build.Item
	for _, off := range order {
		out = append(out, groups[off]...)
	}
	return out
}
