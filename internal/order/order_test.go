package order

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSort compares with package slices.
func TestSort(t *testing.T) {
	type pair struct{ key, place int }
	byKey := func(a, b pair) int { return cmp.Compare(a.key, b.key) }
	both := func(a, b pair) int { return cmp.Or(byKey(a, b), cmp.Compare(a.place, b.place)) }
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		list := make([]pair, n)
		for i := range list {
			list[i] = pair{rng.IntN(20), i}
		}
		want, stable, any := slices.Clone(list), slices.Clone(list), slices.Clone(list)
		slices.SortFunc(want, both)
		if SortStable(stable, byKey); !slices.Equal(stable, want) {
			t.Fatalf("%v, want %v", stable, want)
		}
		if Sort(any, both); !slices.Equal(any, want) {
			t.Fatalf("%v, want %v", any, want)
		}
	}
}
