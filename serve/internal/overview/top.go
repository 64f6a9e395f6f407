package overview

import (
	"cmp"
	"slices"

	"github.com/tarpack/tpk/internal/order"
)

// measured is something with a size and a packed size. Those with equal ones are told apart by
// their number.
type measured struct {
	size, packed int64
	number       int
}

// top keeps the n largest of many values, and the n that are largest packed.
type top[T any] struct {
	n       int
	measure func(T) measured
	list    []T
	full    bool
	least   measured // with which a value is not among them, if full
}

// offer adds a value, which may take the place of another.
func (t *top[T]) offer(v T) {
	m := t.measure(v)
	if t.full && m.size <= t.least.size && m.packed <= t.least.packed {
		return // equal ones that came before stay
	}
	if t.list = append(t.list, v); len(t.list) >= 16*t.n {
		t.prune()
	}
}

// by sorts the values by size, or by packed size, the largest first.
func (t *top[T]) by(packed bool) []T {
	order.Sort(t.list, func(a, b T) int {
		x, y := t.measure(a), t.measure(b)
		if packed {
			x.size, x.packed, y.size, y.packed = x.packed, x.size, y.packed, y.size
		}
		return cmp.Or(cmp.Compare(y.size, x.size), cmp.Compare(y.packed, x.packed),
			cmp.Compare(x.number, y.number))
	})
	return t.list[:min(t.n, len(t.list))]
}

// prune drops all that are not among the largest.
func (t *top[T]) prune() {
	if len(t.list) <= t.n {
		return
	}
	kept := slices.Clone(t.by(true))
	least := t.measure(kept[t.n-1])
	at := map[int]bool{}
	for i := range kept {
		at[t.measure(kept[i]).number] = true
	}
	for _, v := range t.by(false) {
		m := t.measure(v)
		least.size = m.size // of the last
		if !at[m.number] {
			kept = append(kept, v)
		}
	}
	t.list, t.full, t.least = append(t.list[:0], kept...), true, least
}

// all returns what is kept, by number.
func (t *top[T]) all() []T {
	t.prune()
	order.Sort(t.list, func(a, b T) int {
		return cmp.Compare(t.measure(a).number, t.measure(b).number)
	})
	return t.list
}
