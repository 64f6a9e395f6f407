package browse

import (
	"context"
	"slices"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/turns"
)

// TestFairTurns: what takes long has the turns of its client, so that others come between it and
// the client's next task.
func TestFairTurns(t *testing.T) {
	l := serving(t, fstest.MapFS{"a/x": {Data: []byte("text"), Mode: 0o644}, "b/y": {Mode: 0o644}})
	for what, c := range map[string]struct {
		turns **turns.Turns
		work  func(v *View) error
	}{
		"names": {&nameSearches, func(v *View) error {
			_, err := v.Search("", "x", ListOptions{Limit: 9})
			return err
		}},
		"texts": {&textSearches, func(v *View) error {
			_, err := v.SearchText("", "x", ListOptions{Limit: 9})
			return err
		}},
		"comparison": {&comparing, func(v *View) error {
			_, err := v.Compare("a", "b", nil)
			return err
		}},
		"overview": {&makingOverviews, func(v *View) error {
			_, err := v.Overview("", OverviewOptions{
				Type: func(string, *plan.Node) (string, int) { return "text/plain", 0 }})
			return err
		}},
	} {
		before := *c.turns
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := turns.New(1)
				*c.turns = all
				defer func() { *c.turns = before }()
				done, err := all.Take(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				go func() {
					var v archives.View
					if !l.View(&v) {
						t.Error("nothing is served")
					}
					v.ClientKey = 1
					defer v.Release()
					if err := c.work(NewMemory().View(&v)); err != nil {
						t.Error(err)
					}
				}()
				synctest.Wait()
				var got []uint64
				for _, client := range []uint64{1, 2} {
					go func() {
						done, err := all.Take(turns.For(context.Background(), client))
						if err != nil {
							t.Error(err)
							return
						}
						got = append(got, client)
						done()
					}()
					synctest.Wait()
				}
				done()
				synctest.Wait()
				if want := []uint64{2, 1}; !slices.Equal(got, want) {
					t.Errorf("%d after it, want %d", got, want)
				}
			})
		})
	}
}
