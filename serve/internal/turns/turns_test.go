package turns

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestTake: no more tasks run than there are turns, and waiting ends with the context.
func TestTake(t *testing.T) {
	if cap(Half()) < 1 || cap(All()) < cap(Half()) {
		t.Errorf("%d and %d turns", cap(Half()), cap(All()))
	}
	synctest.Test(t, func(t *testing.T) {
		turns, late := make(Turns, 2), errors.New("too late")
		for range 2 {
			if err := turns.Take(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, late)
		defer cancel()
		if err := turns.Take(ctx); !errors.Is(err, late) {
			t.Errorf("a third task: %v", err)
		}
		time.AfterFunc(time.Hour, turns.Done)
		if err := turns.Take(t.Context()); err != nil {
			t.Errorf("after another: %v", err)
		}
	})
}
