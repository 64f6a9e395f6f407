package cut

import (
	"slices"
	"testing"
)

func TestCutter(t *testing.T) {
	for _, c := range []struct {
		name   string
		shards int
		costs  []int64
		want   []int64 // cost of each shard
	}{
		{"nothing", 3, nil, []int64{0}},
		{"one entry", 131072, []int64{7}, []int64{7}},
		{"more shards than entries", 131072, []int64{1, 900, 1}, []int64{1, 900, 1}},
		{"one shard", 1, []int64{1, 2, 3}, []int64{6}},
		{"equal entries", 3, slices.Repeat([]int64{10}, 10), []int64{40, 30, 30}},
		{"a large first entry", 3, []int64{1000, 10, 10, 10, 10}, []int64{1000, 20, 20}},
		{"a large last entry", 3, []int64{10, 10, 10, 10, 1000}, []int64{30, 10, 1000}},
		{"a large entry between", 2, []int64{5, 5, 100, 5, 5}, []int64{110, 10}},
		{"entries without cost", 3, make([]int64, 5), []int64{0, 0, 0}},
	} {
		total := int64(0)
		for _, cost := range c.costs {
			total += cost
		}
		cutter := New(c.shards, int64(len(c.costs)), total)
		got, entries := make([]int64, cutter.Shards()), make([]int, cutter.Shards())
		for _, cost := range c.costs {
			i := cutter.Next(cost)
			got[i] += cost
			entries[i]++
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: shards of %d, want %d", c.name, got, c.want)
		}
		if len(c.costs) > 0 && slices.Contains(entries, 0) {
			t.Errorf("%s: shards of %d entries: one is empty", c.name, entries)
		}
	}
}

// TestOtherTree cuts a tree that has changed since it was measured.
func TestOtherTree(t *testing.T) {
	for _, n := range []int{0, 1, 5, 500} {
		c, last := New(10, 50, 50*100), 0
		for range n {
			i := c.Next(200)
			if i != last && i != last+1 || i >= c.Shards() {
				t.Fatalf("%d entries: shard %d after %d", n, i, last)
			}
			last = i
		}
	}
}
