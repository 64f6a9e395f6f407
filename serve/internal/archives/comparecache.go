package archives

import (
	"weak"

	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/archives/recent"
	"github.com/tarpack/tpk/serve/internal/guard"
)

// Limits of the comparisons that a Library remembers. The next part of a list costs nothing then.
const (
	keptComparisons = 8
	keptChanges     = 2_000_000 // of all together, 16 bytes each
)

// compareKey is what a comparison depends on. It keeps no archive in memory.
type compareKey [2]sideKey

type sideKey struct {
	archive weak.Pointer[archive]
	proof   weak.Pointer[guard.Proof]
	omit    weak.Pointer[contents.Omission]
	dir     int
}

func (v *View) sideKey(s *side) sideKey {
	return sideKey{weak.Make(s.a), weak.Make(v.noted(s.source).proof), weak.Make(s.omit), s.dir}
}

// newComparisons returns what remembers the comparisons that were used last.
func newComparisons() *recent.Cache[compareKey, *differences] {
	return &recent.Cache[compareKey, *differences]{Most: keptComparisons, Heaviest: keptChanges,
		Weigh: func(d *differences) int { return len(d.changes) }}
}
