package sweep

import (
	"fmt"
	"testing"
)

// TestTakes checks that every point belongs to exactly one third, and to the whole.
func TestTakes(t *testing.T) {
	want := 1
	if testing.Short() {
		want = 3
	}
	for point := range 100 {
		taken := 0
		for share := 1; share <= 3; share++ {
			t.Setenv(Variable, fmt.Sprintf("%d/3", share))
			if Takes(t, point) {
				taken++
			}
		}
		t.Setenv(Variable, "")
		if taken != want || !Takes(t, point) {
			t.Errorf("point %d: taken by %d thirds, by the whole: %t", point, taken, Takes(t, point))
		}
	}
}

func TestParse(t *testing.T) {
	for value, want := range map[string][2]int{"": {1, 1}, "1/1": {1, 1}, "1/3": {1, 3}, "3/3": {3, 3},
		"2/10": {2, 10}} {
		if share, of, err := parse(value); err != nil || [2]int{share, of} != want {
			t.Errorf("%q: %d/%d, %v", value, share, of, err)
		}
	}
	for _, value := range []string{"0/3", "4/3", "-1/3", "1/0", "1", "/", "x", "1/3x", "1/3/5", " "} {
		if share, of, err := parse(value); err == nil {
			t.Errorf("%q is accepted as %d/%d", value, share, of)
		}
	}
}
