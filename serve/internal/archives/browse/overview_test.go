package browse

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/tarpack/tpk/serve/internal/overview"
	"github.com/tarpack/tpk/serve/internal/turns"
)

// TestOverviewTurns: an overview is made once for all that ask for it, is remembered, and is
// refused if there is no turn in time.
func TestOverviewTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newOverviews()
		var made atomic.Int32
		get := func(folder int) error {
			_, err := k.Get(overviewKey{folder: folder}, t.Context,
				func(ctx context.Context) (*overview.Overview, error) {
					return inTurn(ctx, func(context.Context) (*overview.Overview, error) {
						made.Add(1)
						return &overview.Overview{}, nil
					})
				})
			return err
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := get(1); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if made.Load() != 1 {
			t.Errorf("made %d times", made.Load())
		}
		before := makingOverviews
		makingOverviews = turns.New(1)
		defer func() { makingOverviews = before }()
		done, err := makingOverviews.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := get(2); !errors.Is(err, errTooMany) {
			t.Error(err)
		}
		if err := get(1); err != nil {
			t.Error("what is remembered needs no turn: ", err)
		}
		done()
		if err := get(2); err != nil || made.Load() != 2 {
			t.Error(err, made.Load())
		}
	})
}
