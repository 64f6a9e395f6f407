// Package order sorts lists whose sorting takes no part of the time. Package slices is faster, but
// its functions are compiled again for each type of elements: 12 kB of code, and as much of what Go
// keeps for functions. Those of this package are 11 kB less in the program for each type.
//
// Lists that are long, or sorted for every file or request, are sorted by package slices.
package order

import "sort"

// Sort sorts a list. Equal elements may change places.
func Sort[E any](list []E, compare func(a, b E) int) {
	sort.Sort(&sorted[E]{list, compare})
}

// SortStable sorts a list. Equal elements keep their order.
func SortStable[E any](list []E, compare func(a, b E) int) {
	sort.Stable(&sorted[E]{list, compare})
}

// sorted is a sort.Interface.
type sorted[E any] struct {
	list    []E
	compare func(a, b E) int
}

func (s *sorted[E]) Len() int           { return len(s.list) }
func (s *sorted[E]) Less(i, j int) bool { return s.compare(s.list[i], s.list[j]) < 0 }
func (s *sorted[E]) Swap(i, j int)      { s.list[i], s.list[j] = s.list[j], s.list[i] }
