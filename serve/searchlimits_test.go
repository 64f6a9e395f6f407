package serve

import (
	"testing"

	"github.com/tarpack/tpk/serve/internal/limit"
)

// TestShareOfSearches: one client can't take all searches, unless the operator allows it.
func TestShareOfSearches(t *testing.T) {
	for _, c := range []struct{ perIP, all, one, every int }{
		{0, 0, 32, 64}, {0, 1, 1, 1}, {0, 5, 3, 5}, {2, 0, 2, 64}, {64, 0, 64, 64}, {9, 4, 4, 4},
	} {
		l := (&Options{MaxSearchesPerIP: c.perIP, MaxSearches: c.all}).limits()
		one, every := 0, 0
		for l.Searches.Take(7) == limit.Taken {
			one++
		}
		for client := range uint64(99) {
			for l.Searches.Take(client+8) == limit.Taken {
				every++
			}
		}
		if every += one; one != c.one || every != c.every {
			t.Errorf("%+v: %d and %d", c, one, every)
		}
	}
}
