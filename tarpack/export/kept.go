package export

import (
	"iter"
	"slices"
	"sort"

	"github.com/tarpack/tpk/sidecar"
)

// A run is a range of entries of the archive that an export has: from to to-1.
type run struct {
	from, to int
	before   int // number of entries in the runs before
}

// keep adds the entries from to to-1 to the export, behind those that it has. omit may be nil.
func (d *folder) keep(from, to int, omit func(path string) bool) error {
	if omit == nil {
		d.addRun(from, to)
		return nil
	}
	for row, err := range d.x.Paths(from, to) {
		if err != nil {
			return err
		}
		if !omit(string(row.Path)) {
			d.addRun(row.Ordinal, row.Ordinal+1)
		}
	}
	return nil
}

// addRun adds a run behind the others, or to the last of them if they are neighbours.
func (d *folder) addRun(from, to int) {
	if from >= to {
		return
	}
	if k := len(d.runs) - 1; k >= 0 && d.runs[k].to == from {
		d.runs[k].to = to
	} else {
		d.runs = append(d.runs, run{from, to, d.count})
	}
	d.count += to - from
}

// runAt returns the number of the first run that ends behind entry i.
func (d *folder) runAt(i int) int {
	return sort.Search(len(d.runs), func(k int) bool { return d.runs[k].to > i })
}

// has reports whether the export has entry i of the archive.
func (d *folder) has(i int) bool {
	k := d.runAt(i)
	return k < len(d.runs) && d.runs[k].from <= i
}

// contains reports whether the export has the entry at a path of the archive.
func (d *folder) contains(path string) (bool, error) {
	i, ok, err := d.x.Lookup(path)
	return ok && d.has(i), err
}

// before returns the number of entries that the export has of those before entry i.
func (d *folder) before(i int) int {
	k := d.runAt(i)
	if k == len(d.runs) {
		return d.count
	}
	return d.runs[k].before + max(i-d.runs[k].from, 0)
}

// rows yields the entries of the export, without the first of them, as [sidecar.Index.All] does.
func (d *folder) rows(first int) iter.Seq2[sidecar.Row, error] {
	return func(yield func(sidecar.Row, error) bool) {
		k, _ := slices.BinarySearchFunc(d.runs, first+1, func(r run, n int) int { return r.before - n })
		for k = max(k-1, 0); k < len(d.runs); k++ {
			r := d.runs[k]
			for row, err := range d.x.All(min(r.from+max(first-r.before, 0), r.to), r.to) {
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}

// omitted yields the entries of the folder that the export does not have, in order.
func (d *folder) omitted(yield func(i int) bool) {
	at := d.from
	for _, r := range d.runs {
		for ; at < r.from; at++ {
			if !yield(at) {
				return
			}
		}
		at = r.to
	}
	for ; at < d.to; at++ {
		if !yield(at) {
			return
		}
	}
}
