package changes

import "github.com/tarpack/tpk/serve/internal/archives/recent"

// Limits of the Changes that a cache remembers. The next part of a list costs nothing then.
const (
	keptComparisons = 8
	keptChanges     = 2_000_000 // of all together, 16 bytes each
)

// NewCache returns what remembers the Changes that were used last, by what they depend on.
func NewCache[K comparable]() *recent.Cache[K, *Changes] {
	return &recent.Cache[K, *Changes]{Most: keptComparisons, Heaviest: keptChanges,
		Weigh: (*Changes).Len}
}
