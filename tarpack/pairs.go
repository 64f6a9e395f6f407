package tarpack

import (
	"iter"

	"github.com/tarpack/tpk/sidecar"
)

// A pair is what two indexes have at one path; nil where one has nothing. Rows are valid until the
// next pair.
type pair struct{ a, b *sidecar.Row }

// A pairError is an error of reading one of two indexes.
type pairError struct {
	b   bool // it is the second one
	err error
}

func (e *pairError) Error() string { return e.err.Error() }

func (e *pairError) Unwrap() error { return e.err }

// pairs returns the paths of two indexes in path order, each with its rows. An error is a
// *pairError and the last thing it returns.
func pairs(a, b *sidecar.Index) iter.Seq2[pair, error] {
	return pairsOf(a.All(0, a.Len()), b.All(0, b.Len()))
}

// pairsOf is pairs for two sequences of rows in path order.
func pairsOf(a, b iter.Seq2[sidecar.Row, error]) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		nextA, stopA := iter.Pull2(a)
		defer stopA()
		nextB, stopB := iter.Pull2(b)
		defer stopB()
		x, errX, okX := nextA()
		y, errY, okY := nextB()
		for okX || okY {
			if errX != nil {
				yield(pair{}, &pairError{false, errX})
				return
			}
			if errY != nil {
				yield(pair{}, &pairError{true, errY})
				return
			}
			order := 0
			switch {
			case !okY:
				order = -1
			case !okX:
				order = 1
			default:
				order = sidecar.ComparePaths(x.Path, y.Path)
			}
			var p pair
			if order <= 0 {
				p.a = &x
			}
			if order >= 0 {
				p.b = &y
			}
			if !yield(p, nil) {
				return
			}
			if order <= 0 {
				x, errX, okX = nextA()
			}
			if order >= 0 {
				y, errY, okY = nextB()
			}
		}
	}
}
