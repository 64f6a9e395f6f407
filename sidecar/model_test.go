package sidecar_test

import (
	"math/rand/v2"
	"testing"

	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// TestModel compares trees of many sizes, opened in each way.
func TestModel(t *testing.T) {
	for _, o := range sidecartest.Openers {
		t.Run(o.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			for _, n := range []int{0, 1, 2, 11, 15, 16, 17, 31, 32, 33, 120, 1500} {
				m := sidecartest.RandomModel(r, n)
				x, err := o.Open(t, sidecartest.MustBuild(t, m))
				if err != nil {
					t.Fatal(err)
				}
				sidecartest.Compare(t, x, m)
				for range 20 {
					a, b := r.IntN(n+1), r.IntN(n+1)
					sidecartest.CompareAll(t, x, m, min(a, b), max(a, b))
				}
				if err := x.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
