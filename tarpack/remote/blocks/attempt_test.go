package blocks

import (
	"bytes"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// attempt reads 100 bytes, in two blocks, and reports whether they are right, to the cache as well.
func (o *object) attempt(t *testing.T, g *Generation) (right, again bool) {
	t.Helper()
	const off, n = 3*blockSize - 50, 100
	a := g.Begin()
	p := make([]byte, n)
	if _, err := g.ReadAt(p, off); err != nil {
		t.Error(err)
	}
	if bytes.Equal(p, o.content[off:off+n]) {
		a.Confirm(off, n)
		return true, false
	}
	return false, a.Reject(off, n)
}

// What was damaged on the way is requested once more, and what is damaged is not requested again
// and again.
func TestReject(t *testing.T) {
	for name, opts := range map[string]Options{"disk": inDir(t), "memory": {ReadAhead: -1}} {
		t.Run(name, func(t *testing.T) {
			o := newObject(10 * blockSize)
			g := o.open(t, opts)
			now := time.Unix(1e9, 0)
			g.cache.now = func() time.Time { return now }
			damage := func(b []byte) []byte {
				b[blockSize-1] ^= 1
				return b
			}
			o.change = damage
			if right, again := o.attempt(t, g); right || !again {
				t.Fatal("damaged on the way:", right, again)
			}
			equal(t, o.asked(), [2]int64{2, 2})
			o.change = nil
			if right, _ := o.attempt(t, g); !right {
				t.Error("it is still damaged")
			}
			equal(t, o.asked(), [2]int64{2, 2})
			now = now.Add(time.Minute)
			if !g.Begin().Reject(3*blockSize-50, 100) {
				t.Error("it was not tried again a minute later")
			}
			o.change = damage
			for range 3 {
				if right, again := o.attempt(t, g); right || again {
					t.Error("damaged for good:", right, again)
				}
			}
			equal(t, o.asked(), [2]int64{2, 2})
			now = now.Add(time.Minute)
			if right, again := o.attempt(t, g); right || !again {
				t.Error("a minute later:", right, again)
			}
			o.change = nil
			if right, _ := o.attempt(t, g); !right {
				t.Error("it is still damaged")
			}
			if a := g.Begin(); a.Reject(11*blockSize, 1) || a.Reject(0, 0) || a.Reject(-5, 3) {
				t.Error("nothing can't be tried again")
			}
		})
	}
}

// Readers that have read damaged bytes at the same time all try again. Each block is requested once
// more.
func TestRejectedByMany(t *testing.T) {
	opts := inDir(t)
	synctest.Test(t, func(t *testing.T) {
		o := newObject(10 * blockSize)
		g := o.open(t, opts)
		gate := o.gated()
		o.change = func(b []byte) []byte {
			b[blockSize-1] ^= 1
			o.change = nil
			return b
		}
		var right atomic.Int32
		for range 100 {
			go func() {
				ok, again := o.attempt(t, g)
				for again {
					ok, again = o.attempt(t, g)
				}
				if ok {
					right.Add(1)
				}
			}()
		}
		synctest.Wait()
		close(gate)
		synctest.Wait()
		if right.Load() != 100 {
			t.Errorf("%d of 100 readers got what is right", right.Load())
		}
		blocks := int64(0)
		for _, r := range o.asked() { // a reader may come when one of the two was removed
			blocks += r[1]
		}
		if blocks != 4 {
			t.Errorf("%d blocks were requested, want each of two twice", blocks)
		}
	})
}

// A reader can't confirm what was removed since it began.
func TestConfirmOutdated(t *testing.T) {
	o := newObject(10 * blockSize)
	opts := inDir(t)
	g := o.open(t, opts)
	a := g.Begin()
	o.read(t, g, 0, 10)
	if !g.Begin().Reject(5, 5) {
		t.Error("it was not removed")
	}
	o.read(t, g, 0, 10)
	a.Confirm(0, 10)
	shut(t, g)
	o.asked()
	g = o.open(t, opts)
	o.read(t, g, 0, 10)
	equal(t, o.asked(), [2]int64{0, 1})
}
