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

// Many readers of all kinds, in two generations of one directory that does not hold the object, read
// what is right, though requests fail and contents are rejected.
func TestConcurrentReaders(t *testing.T) {
	small := inDir(t)
	small.Limit, small.ReadAhead = 64*blockSize, 0
	full := small // of a directory that holds no block
	full.Dir, full.Limit, full.Memory = t.TempDir()+"/full", 1, 10*blockSize
	full.Notice = nil
	for name, opts := range map[string]Options{
		"disk": small, "memory": {Memory: 16 * blockSize}, "one block": {Memory: 1}, "full": full,
	} {
		t.Run(name, func(t *testing.T) {
			size := int64(200*blockSize - 99)
			o := newObject(size)
			var failing atomic.Int64
			flaky := errors.New("flaky")
			o.before = func(context.Context, int64, int64) error {
				if failing.Add(1)%5 == 0 {
					return flaky
				}
				return nil
			}
			generations := []*Generation{o.open(t, opts), o.open(t, opts)}
			var readers sync.WaitGroup
			var right, pieces atomic.Int64
			rounds := 300
			if testing.Short() {
				rounds = 60
			}
			for i := range 12 {
				g := generations[i%2]
				readers.Go(func() {
					random := rand.New(rand.NewPCG(uint64(i), 3))
					p := make([]byte, 6*blockSize)
					for range rounds {
						off := random.Int64N(size)
						n := min(size-off, 1+random.Int64N(int64(len(p))))
						b := p[:n]
						ctx, cancel := context.WithCancel(t.Context())
						switch random.IntN(8) {
						case 0:
							go cancel()
							err := g.Fetch(ctx, off, n)
							if err != nil && !errors.Is(err, flaky) && !errors.Is(err, context.Canceled) {
								t.Error(err)
							}
						case 1:
							if g.ReadNow(b, off) && !bytes.Equal(b, o.content[off:off+n]) {
								t.Errorf("%d bytes from %d at once are wrong", n, off)
							}
						case 2:
							g.Confirm(off, n)
						case 3:
							g.Reject(off, min(n, 100))
						case 4:
							if piece, ok, _ := g.Piece(off, n); ok {
								checkPiece(t, piece, o.content[off:off+n], b)
								pieces.Add(1)
							}
						default:
							m, err := g.ReadAt(b, off)
							if !bytes.Equal(b[:m], o.content[off:][:m]) {
								t.Errorf("%d bytes from %d are wrong", n, off)
							}
							if err != nil && !errors.Is(err, flaky) {
								t.Error(err)
							}
							right.Add(int64(m))
						}
						cancel()
					}
				})
			}
			readers.Wait()
			t.Logf("%d bytes in %d requests, %d pieces", right.Load(), len(o.asked()), pieces.Load())
			for _, g := range generations {
				g.cache.memory.mu.Lock()
				if n := g.cache.memory.size; n > max(blockSize, g.cache.memory.limit) {
					t.Errorf("%d bytes are in memory", n)
				}
				g.cache.memory.mu.Unlock()
				shut(t, g)
				if len(g.pending) != 0 || len(g.cache.queue) != 0 || g.cache.requests != 0 {
					t.Errorf("%d blocks are pending", len(g.pending))
				}
			}
			if n := o.running(); n != 0 {
				t.Errorf("%d bodies are open", n)
			}
		})
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
		opts := Options{Memory: int64(kind) << 14, ReadAhead: int64(kind%4) * blockSize, Limit: 8 * blockSize}
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
				g.Confirm(off, n)
			case 6:
				g.Reject(off, n)
			}
		}
		shut(t, g)
	})
}
