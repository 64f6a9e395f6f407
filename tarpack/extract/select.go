package extract

import (
	"fmt"
	"slices"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// A run is a range of ordinals, from is included and to is not.
type run struct{ from, to int }

// selectRuns finds the entries to extract. A path that is not in the archive is a problem.
func (x *extractor) selectRuns() error {
	index := x.a.Index()
	if len(x.o.Paths) == 0 {
		x.runs = []run{{0, index.Len()}}
		return x.limit()
	}
	for _, p := range x.o.Paths {
		if p == "" {
			x.runs = append(x.runs, run{0, index.Len()})
			continue
		}
		i, ok, err := index.Lookup(p)
		if err != nil {
			return fmt.Errorf("%s: %w", x.a.Name(), err)
		}
		if !ok {
			x.problems.Add(&format.Problem{Path: p, Offset: -1, Err: format.ErrNoEntry})
			continue
		}
		e, err := index.Entry(i)
		if err != nil {
			return fmt.Errorf("%s: %w", x.a.Name(), err)
		}
		r := run{i, i + 1}
		if e.Type == sidecar.TypeDir {
			r.to = int(e.End)
		}
		x.runs = append(x.runs, r)
	}
	x.runs = mergeRuns(x.runs)
	return x.limit()
}

// mergeRuns sorts runs and joins those that overlap or touch, so that no entry is extracted twice.
func mergeRuns(runs []run) []run {
	order.Sort(runs, func(a, b run) int { return a.from - b.from })
	merged := runs[:0]
	for _, r := range runs {
		if n := len(merged); n > 0 && r.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, r.to)
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

// selected reports whether entry i is to be extracted.
func (x *extractor) selected(i int) bool {
	at, found := slices.BinarySearchFunc(x.runs, i, func(r run, i int) int { return r.from - i })
	return found || at > 0 && i < x.runs[at-1].to
}
