package blocks

import (
	"bytes"
	"testing"
	"time"
)

// What was damaged on the way is requested once more, and what is damaged is not requested again
// and again.
func TestReject(t *testing.T) {
	for name, opts := range map[string]Options{"disk": inDir(t), "memory": {ReadAhead: -1}} {
		t.Run(name, func(t *testing.T) {
			o := newObject(10 * blockSize)
			g := o.open(t, opts)
			now := time.Unix(1e9, 0)
			g.cache.now = func() time.Time { return now }
			p := make([]byte, 100)
			right := func() bool {
				t.Helper()
				if _, err := g.ReadAt(p, 3*blockSize-50); err != nil {
					t.Error(err)
				}
				return bytes.Equal(p, o.content[3*blockSize-50:][:100])
			}
			damage := func(b []byte) []byte {
				b[blockSize-1] ^= 1
				return b
			}
			o.change = damage
			if right() {
				t.Fatal("it is not damaged")
			}
			o.change = nil
			o.asked()
			if !g.Reject(3*blockSize-50, 100) {
				t.Error("it was not tried again")
			}
			if !right() {
				t.Error("it is still damaged")
			}
			equal(t, o.asked(), [2]int64{2, 2})
			g.Confirm(3*blockSize-50, 100)
			if !g.Reject(3*blockSize-50, 100) {
				t.Error("it was confirmed in between, and not tried again")
			}
			o.change = damage
			for range 3 {
				if right() {
					t.Error("it is not damaged")
				}
				if g.Reject(3*blockSize-50, 100) {
					t.Error("it is tried for ever")
				}
			}
			equal(t, o.asked(), [2]int64{2, 2})
			o.change = nil
			now = now.Add(time.Minute)
			if !g.Reject(3*blockSize-50, 100) || !right() {
				t.Error("it was not tried again after a minute")
			}
			if g.Reject(11*blockSize, 1) || g.Reject(0, 0) {
				t.Error("nothing can't be tried again")
			}
		})
	}
}
