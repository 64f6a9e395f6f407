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
		{"blocks", blockSize, 0, 0, 15, 30},
		{"small pieces", 5000, 0, 0, 15, 30},
		{"members with headers between", 20_000, 700, 0, 15, 30},
		{"little", blockSize, 0, 4 * blockSize, 75, 201},
		{"none", blockSize, 0, -1, 400, 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			opts := inDir(t)
			opts.ReadAhead = test.ahead
			synctest.Test(t, func(t *testing.T) {
				o := newObject(400 * blockSize)
				g := o.open(t, opts)
				for off := int64(0); off < 400*blockSize; off += test.step + test.gap {
					o.read(t, g, off, min(test.step, 400*blockSize-off))
					synctest.Wait()
				}
				if n := len(o.asked()); n < test.min || n > test.max {
					t.Errorf("%d requests, want %d to %d", n, test.min, test.max)
				}
				if o.bytes != 400*blockSize {
					t.Errorf("%d bytes were requested of %d", o.bytes, 400*blockSize)
				}
			})
		})
	}
}

// In little memory, no more is requested ahead than fits.
func TestReadAheadInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newObject(200 * blockSize)
		g := o.open(t, Options{Memory: 16 * blockSize})
		for off := int64(0); off < 200*blockSize; off += blockSize / 2 {
			o.read(t, g, off, blockSize/2)
			synctest.Wait()
		}
		if o.bytes != 200*blockSize {
			t.Errorf("%d blocks were requested of 200", o.bytes/blockSize)
		}
		if err := g.Fetch(t.Context(), 0, 200*blockSize); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if !g.ReadNow(make([]byte, 4*blockSize), 0) {
			t.Error("what was fetched first is not in memory")
		}
		if g.cache.memory.size == 0 {
			t.Error("nothing is in memory")
		}
		shut(t, g)
		if n := g.cache.memory.size; n != 0 {
			t.Errorf("%d bytes stay in memory", n)
		}
	})
}

// While one part of a long range comes, the next one is requested.
func TestLongRange(t *testing.T) {
	opts := inDir(t)
	opts.ReadAhead = 0
	synctest.Test(t, func(t *testing.T) {
		o := newObject(300 * blockSize)
		g := o.open(t, opts)
		gate := o.gated()
		go o.read(t, g, 0, 300*blockSize)
		synctest.Wait()
		if n := o.running(); n != 2 {
			t.Errorf("%d requests", n)
		}
		close(gate)
		synctest.Wait()
		if o.bytes != 300*blockSize {
			t.Errorf("%d blocks were requested of 300", o.bytes/blockSize)
		}
	})
}

// Nothing is requested ahead while as many requests are made as may be.
func TestNoReadAheadWhenBusy(t *testing.T) {
	opts := inDir(t)
	opts.Parallel = 1
	synctest.Test(t, func(t *testing.T) {
		o := newObject(100 * blockSize)
		g := o.open(t, opts)
		gate := o.gated()
		go o.read(t, g, 0, 1)
		synctest.Wait()
		g.readAhead(10, 20)
		synctest.Wait()
		close(gate)
		synctest.Wait()
		equal(t, o.asked(), [2]int64{0, 1})
		g.readAhead(10, 20)
		synctest.Wait()
		equal(t, o.asked(), [2]int64{10, 10})
	})
}

// A reader of here and there is not read ahead of.
func TestRandomReader(t *testing.T) {
	opts := inDir(t)
	opts.ReadAhead = 0
	synctest.Test(t, func(t *testing.T) {
		o := newObject(1000 * blockSize)
		g := o.open(t, opts)
		random := rand.New(rand.NewPCG(1, 2))
		for range 100 {
			o.read(t, g, random.Int64N(999*blockSize), 100)
			synctest.Wait()
		}
		if o.bytes > 115*blockSize {
			t.Errorf("%d blocks were requested for 100 reads", o.bytes/blockSize)
		}
	})
}

// One who returns to what it has read is not read ahead of.
func TestReturningReader(t *testing.T) {
	opts := inDir(t)
	opts.ReadAhead = 0
	synctest.Test(t, func(t *testing.T) {
		o := newObject(1000 * blockSize)
		g := o.open(t, opts)
		for i := range int64(100) {
			at := (i*10 + 5) * blockSize
			for _, off := range []int64{at, at - 100, at} {
				o.read(t, g, off, 44)
				synctest.Wait()
			}
		}
		if o.bytes != 200*blockSize {
			t.Errorf("%d blocks were requested of 200", o.bytes/blockSize)
		}
	})
}

// Readers of several contents at once are told apart.
func TestSeveralStreams(t *testing.T) {
	opts := inDir(t)
	opts.ReadAhead = 0
	synctest.Test(t, func(t *testing.T) {
		o := newObject(480 * blockSize)
		g := o.open(t, opts)
		for i := range int64(60) {
			for stream := range int64(8) {
				o.read(t, g, (stream*60+i)*blockSize, blockSize)
				synctest.Wait()
			}
		}
		if n := len(o.asked()); n > 8*9 || o.bytes > 480*blockSize {
			t.Errorf("%d requests, %d bytes", n, o.bytes)
		}
	})
}

// A reader of small contents does not cause requests for long ones, before it reads one.
func TestStopAhead(t *testing.T) {
	opts := inDir(t)
	opts.ReadAhead = 0
	synctest.Test(t, func(t *testing.T) {
		o := newObject(1000 * blockSize)
		g := o.open(t, opts)
		calls := 0
		g.StopAhead(func() []int64 {
			calls++
			return []int64{100 * blockSize, 300 * blockSize, 500 * blockSize, 700 * blockSize}
		})
		read := func(from, to int64) (requested int64) {
			before := o.bytes
			for off := from * blockSize; off < to*blockSize; off += blockSize / 4 {
				o.read(t, g, off, blockSize/4-100)
				synctest.Wait()
			}
			return (o.bytes - before) / blockSize
		}
		for _, step := range []struct {
			what                string
			from, to, min, most int64
		}{
			{"before a long one", 0, 100, 100, 100},
			{"after it", 200, 300, 100, 100},
			{"the next one, and on", 300, 490, 191, 254}, // after the one that was read goes on
			{"not the one after", 600, 700, 100, 100},
		} {
			if n := read(step.from, step.to); n < step.min || n > step.most {
				t.Errorf("%s: %d blocks were requested, want %d to %d", step.what, n, step.min,
					step.most)
			}
		}
		if calls != 1 {
			t.Errorf("the list was made %d times", calls)
		}
	})
}

// No more is requested ahead of a reader than some times of what it has read.
func TestShortReader(t *testing.T) {
	opts := inDir(t)
	opts.ReadAhead = 0
	synctest.Test(t, func(t *testing.T) {
		o := newObject(1000 * blockSize)
		g := o.open(t, opts)
		for i := range int64(8) {
			for k := range int64(12) { // files of a folder
				o.read(t, g, (i*100+5)*blockSize+k*3000, 2800)
				synctest.Wait()
			}
		}
		if n := o.bytes / blockSize; n > 8*4 {
			t.Errorf("%d blocks were requested for 8 times 36 kB", n)
		}
	})
}
