package blocks

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
)

// A reader that goes forward makes few requests, and no byte is requested twice.
func TestReadAhead(t *testing.T) {
	for _, test := range []struct {
		name      string
		step, gap int64
		ahead     int64
		min, max  int
	}{
		{"blocks", blockSize, 0, 0, 20, 40},
		{"small pieces", 5000, 0, 0, 20, 40},
		{"members with headers between", 20_000, 700, 0, 20, 40},
		{"little", blockSize, 0, 4 * blockSize, 150, 400},
		{"none", blockSize, 0, -1, 800, 800},
	} {
		t.Run(test.name, func(t *testing.T) {
			opts := inDir(t)
			opts.ReadAhead = test.ahead
			synctest.Test(t, func(t *testing.T) {
				o := newObject(800 * blockSize)
				g := o.open(t, opts)
				for off := int64(0); off < 800*blockSize; off += test.step + test.gap {
					o.read(t, g, off, min(test.step, 800*blockSize-off))
					synctest.Wait()
				}
				if n := len(o.asked()); n < test.min || n > test.max {
					t.Errorf("%d requests, want %d to %d", n, test.min, test.max)
				}
				if o.bytes != 800*blockSize {
					t.Errorf("%d bytes were requested of %d", o.bytes, 800*blockSize)
				}
			})
		})
	}
}

// A reader of here and there is not read ahead of.
func TestRandomReader(t *testing.T) {
	opts := inDir(t)
	opts.ReadAhead = 0
	synctest.Test(t, func(t *testing.T) {
		o := newObject(4000 * blockSize)
		g := o.open(t, opts)
		random := rand.New(rand.NewPCG(1, 2))
		for range 400 {
			o.read(t, g, random.Int64N(3999*blockSize), 100)
			synctest.Wait()
		}
		if o.bytes > 440*blockSize {
			t.Errorf("%d blocks were requested for 400 reads", o.bytes/blockSize)
		}
	})
}

// Readers of several contents at once are told apart.
func TestSeveralStreams(t *testing.T) {
	opts := inDir(t)
	opts.ReadAhead = 0
	synctest.Test(t, func(t *testing.T) {
		o := newObject(1600 * blockSize)
		g := o.open(t, opts)
		for i := range int64(200) {
			for stream := range int64(8) {
				o.read(t, g, (stream*200+i)*blockSize, blockSize)
				synctest.Wait()
			}
		}
		if n := len(o.asked()); n > 8*12 || o.bytes > 1600*blockSize {
			t.Errorf("%d requests, %d bytes", n, o.bytes)
		}
	})
}
