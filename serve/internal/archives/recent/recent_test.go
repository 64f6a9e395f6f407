package recent

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// TestCache: results are made once for all that ask, errors and what is too heavy are not kept, and
// of more than the limit the oldest are forgotten.
func TestCache(t *testing.T) {
	no := errors.New("no")
	c := &Cache[string, int]{Most: 3, Heaviest: 10, Weigh: func(v int) int { return v }}
	made := 0
	for i, x := range []struct {
		key       string
		value     int
		err       error
		want      int // results made so far
		remembers int
	}{
		{"a", 1, nil, 1, 1}, {"a", 1, nil, 1, 1}, {"b", 1, nil, 2, 2}, {"c", 1, nil, 3, 3},
		{"a", 1, nil, 3, 3}, {"d", 1, nil, 4, 3}, // b was the oldest
		{"a", 1, nil, 4, 3}, {"b", 1, nil, 5, 3},
		{"bad", 1, no, 6, 3}, {"bad", 1, no, 7, 3},
		{"heavy", 9, nil, 8, 2}, {"heavy", 9, nil, 8, 2}, {"b", 1, nil, 8, 2},
		{"heavier", 11, nil, 9, 0}, {"heavier", 11, nil, 10, 0},
	} {
		got, err := c.Get(x.key, t.Context, func(context.Context) (int, error) {
			made++
			return x.value, x.err
		})
		if got != x.value || !errors.Is(err, x.err) || made != x.want || len(c.all) != x.remembers {
			t.Errorf("%d: %d, %v: %d made, %d remembered", i, got, err, made, len(c.all))
		}
	}
}

// TestTogether: many that ask for a result at the same time wait for one that makes it.
func TestTogether(t *testing.T) {
	c := &Cache[int, int]{Most: 2}
	made := 0
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			v, err := c.Get(1, t.Context, func(context.Context) (int, error) {
				made++
				return 7, nil
			})
			if v != 7 || err != nil {
				t.Error(v, err)
			}
		})
	}
	all.Wait()
	if made != 1 {
		t.Errorf("made %d times", made)
	}
}

// TestPanic: what panics while it is made is made again.
func TestPanic(t *testing.T) {
	c := &Cache[int, int]{Most: 2}
	func() {
		defer func() { _ = recover() }()
		_, _ = c.Get(1, t.Context, func(context.Context) (int, error) { panic("x") })
	}()
	if v, err := c.Get(1, t.Context, func(context.Context) (int, error) {
		return 7, nil
	}); v != 7 || err != nil {
		t.Error(v, err)
	}
}
