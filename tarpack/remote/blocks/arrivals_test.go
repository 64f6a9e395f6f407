package blocks

import "testing"

// What was confirmed is confirmed for all attempts that read the same bytes, until they are stored
// again. Contents beside it are not.
func TestConfirmed(t *testing.T) {
	for name, opts := range map[string]Options{"disk": inDir(t), "memory": {ReadAhead: -1}} {
		t.Run(name, func(t *testing.T) {
			o := newObject(10 * blockSize)
			g := o.open(t, opts)
			const off, n = 3*blockSize - 50, 100
			want := func(what string, a Attempt, want bool) {
				t.Helper()
				if got := a.Confirmed(off, n); got != want {
					t.Errorf("%s: %v", what, got)
				}
			}
			a := g.Begin()
			o.read(t, g, off, n)
			want("before", a, false)
			a.Confirm(off, n)
			want("this attempt", a, true)
			want("another one", g.Begin(), true)
			for _, r := range [][2]int64{{off + 1, n}, {off - 1, n}, {2 * blockSize, 10},
				{off, n + blockSize}, {3 * blockSize, 10}, {off, 0}, {20 * blockSize, 1}} {
				if g.Begin().Confirmed(r[0], r[1]) {
					t.Errorf("%d bytes from %d are confirmed", r[1], r[0])
				}
			}
			a = g.Begin()
			if !g.Begin().Reject(3*blockSize, 1) {
				t.Error("it was not removed")
			}
			o.read(t, g, off, n)
			want("one that may have read both", a, false)
			want("what came again", g.Begin(), false)
			a.Confirm(off, n)
			want("confirmed by one that may have read both", g.Begin(), false)
			a = g.Begin()
			o.read(t, g, off, n)
			a.Confirm(off, n)
			want("compared again", g.Begin(), true)
		})
	}
}

// What is known of the blocks has a limit. Contents of blocks that are forgotten are compared once
// more.
func TestArrivalsForgotten(t *testing.T) {
	o := newObject(10 * blockSize)
	g := o.open(t, inDir(t))
	a := g.Begin()
	o.read(t, g, 0, 10)
	a.Confirm(0, 10)
	for block := range int64(maxArrivals) {
		g.arrived(1000 + block)
	}
	if g.Begin().Confirmed(0, 10) || a.Confirmed(0, 10) {
		t.Error("it is remembered")
	}
	a.Confirm(0, 10)
	if g.Begin().Confirmed(0, 10) {
		t.Error("it was confirmed by an attempt that is too old")
	}
	g.Begin().Confirm(0, 10)
	if !g.Begin().Confirmed(0, 10) {
		t.Error("it is not confirmed")
	}
	g.Begin().Confirm(1, 5)
	g.Begin().Confirm(0, 5)
	if !g.Begin().Confirmed(1, 5) || !g.Begin().Confirmed(0, 10) {
		t.Error("it is not confirmed any more")
	}
}
