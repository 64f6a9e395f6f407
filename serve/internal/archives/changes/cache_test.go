package changes

import (
	"context"
	"errors"
	"testing"
)

// TestCompareCache: the comparisons used last are remembered, within limits, and errors are not.
func TestCompareCache(t *testing.T) {
	c := NewCache[int]()
	made := 0
	get := func(dir, changes int) {
		t.Helper()
		d, err := c.Get(dir, t.Context, func(context.Context) (*Changes, error) {
			made++
			return &Changes{list: make([]change, changes)}, nil
		})
		if err != nil || d.Len() != changes {
			t.Errorf("%d: %v, %v", dir, d, err)
		}
	}
	want := errors.New("no")
	if _, err := c.Get(1, t.Context, func(context.Context) (*Changes, error) {
		return nil, want
	}); !errors.Is(err, want) {
		t.Error(err)
	}
	for _, x := range []struct{ dir, changes, made int }{
		{1, 10, 1}, {1, 10, 1}, {2, 10, 2}, {1, 10, 2},
		{3, keptChanges + 1, 3}, {3, keptChanges + 1, 4}, // too large to be kept
		{1, 10, 5}, {4, keptChanges - 5, 6}, {4, keptChanges - 5, 6}, {1, 10, 7},
	} {
		if get(x.dir, x.changes); made != x.made {
			t.Errorf("%+v: %d comparisons", x, made)
		}
	}
}
