package blocks

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tarpack/tpk/tarpack/source"
)

// Many readers of all kinds, in two generations of one directory that does not hold the object,
// read what is right, though requests fail and contents are rejected.
func TestConcurrentReaders(t *testing.T) {
	small := inDir(t)
	small.Limit, small.ReadAhead = 64*blockSize, 0
	full := small // of a directory that holds no block
	full.Dir, full.Limit, full.Memory = t.TempDir()+"/full", 1, 10*blockSize
	for name, opts := range map[string]Options{
		"disk": small, "memory": {Memory: 16 * blockSize}, "one block": {Memory: 1}, "full": full,
	} {
		t.Run(name, func(t *testing.T) {
			o := newObject(200*blockSize - 99)
			var requests atomic.Int64
			o.before = func(context.Context, int64, int64) error {
				if requests.Add(1)%5 == 0 {
					return errFlaky
				}
				return nil
			}
			generations := []*Generation{o.open(t, opts), o.open(t, opts)}
			var readers sync.WaitGroup
			rounds := 300
			if testing.Short() {
				rounds = 60
			}
			for i := range 12 {
				random := rand.New(rand.NewPCG(uint64(i), 3))
				readers.Go(func() {
					p := make([]byte, 6*blockSize)
					for range rounds {
						o.readSomehow(t, generations[i%2], random, p)
					}
				})
			}
			readers.Wait()
			t.Logf("%d requests", requests.Load())
			for _, g := range generations {
				m := &g.cache.memory
				m.mu.Lock()
				if m.size > max(blockSize, m.limit) {
					t.Errorf("%d bytes are in memory", m.size)
				}
				m.mu.Unlock()
				shut(t, g)
				if len(g.pending) != 0 || len(g.queue) != 0 || g.requests != 0 {
					t.Errorf("%d blocks are pending", len(g.pending))
				}
			}
			if n := o.running(); n != 0 {
				t.Errorf("%d bodies are open", n)
			}
		})
	}
}

// errFlaky is the error of a request that fails now and then.
var errFlaky = errors.New("flaky")

// readSomehow does something with a part of the object, in memory p.
func (o *object) readSomehow(t *testing.T, g *Generation, random *rand.Rand, p []byte) {
	off := random.Int64N(g.size)
	n := min(g.size-off, 1+random.Int64N(int64(len(p))))
	p, want := p[:n], o.content[off:off+n]
	switch random.IntN(8) {
	case 0:
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		err := g.Fetch(ctx, off, n)
		if err != nil && !errors.Is(err, errFlaky) && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case 1:
		if g.ReadNow(p, off) && !bytes.Equal(p, want) {
			t.Errorf("%d bytes from %d at once are wrong", n, off)
		}
	case 2:
		g.Begin().Confirm(off, n)
	case 3:
		g.Begin().Reject(off, min(n, 100))
	case 4:
		if piece, ok, _ := g.Piece(off, n); ok {
			checkPiece(t, piece, want, p)
		}
	default:
		m, err := g.ReadAt(p, off)
		if !bytes.Equal(p[:m], want[:m]) || (err == nil) != (int64(m) == n) {
			t.Errorf("%d bytes from %d are wrong: %d, %v", n, off, m, err)
		}
		if err != nil && !errors.Is(err, errFlaky) {
			t.Error(err)
		}
	}
}

func checkPiece(t *testing.T, piece source.Piece, want, b []byte) {
	t.Helper()
	if _, err := piece.File.ReadAt(b, piece.Offset); err != nil || !bytes.Equal(b, want) {
		t.Error("a piece is wrong:", err)
	}
	piece.Release()
}

// FuzzCache reads and compares with plain bytes.
func FuzzCache(f *testing.F) {
	f.Add([]byte{0, 0, 1, 255, 7, 3, 9, 200, 30, 2, 2, 2}, uint8(3))
	f.Add([]byte("read here and there and reject and confirm"), uint8(200))
	o := newObject(10*blockSize + 1)
	size := int64(len(o.content))
	f.Fuzz(func(t *testing.T, ops []byte, kind uint8) {
		opts := Options{Memory: int64(kind) << 14, ReadAhead: int64(kind%4) * blockSize,
			Limit: 8 * blockSize}
		if kind%2 == 0 {
			opts.Dir = t.TempDir() + "/cache"
		}
		g := o.open(t, opts)
		p := make([]byte, 4*blockSize)
		for ; len(ops) >= 3; ops = ops[3:] {
			off := int64(ops[1]) * blockSize / 16
			n := min(int64(ops[2])*1000, int64(len(p)))
			b := p[:n]
			want := o.content[min(off, size):min(off+n, size)]
			switch ops[0] % 7 {
			case 0, 1, 2:
				if m, err := g.ReadAt(b, off); !bytes.Equal(b[:m], want) || (m < int(n)) != (err != nil) {
					t.Errorf("%d bytes from %d: %d, %v", n, off, m, err)
				}
			case 3:
				if g.ReadNow(b, off) && !bytes.Equal(b, want) {
					t.Errorf("%d bytes from %d at once are wrong", n, off)
				}
			case 4:
				if piece, ok, _ := g.Piece(off, n); ok {
					checkPiece(t, piece, want, b)
				}
			case 5:
				g.Begin().Confirm(off, n)
			case 6:
				g.Begin().Reject(off, n)
			}
		}
		shut(t, g)
	})
}
