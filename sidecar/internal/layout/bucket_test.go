package layout

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestZeroBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 100_000 {
		x, want := uint64(0), uint64(0)
		for i := range 8 {
			b := []uint64{0, 0, 1, 0x7f, 0x80, 0xff, r.Uint64() & 0xff}[r.IntN(7)]
			x |= b << (8 * i)
			if b == 0 {
				want |= 0x80 << (8 * i)
			}
		}
		if got := zeroBytes(x); got != want {
			t.Fatalf("%016x: %016x, want %016x", x, got, want)
		}
	}
}

func TestLessBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for n := range 300 {
		for range 1000 {
			x, want := uint64(0), uint64(0)
			for i := range 8 {
				b := []uint64{0, 1, 0x7f, 0x80, 0xff, uint64(n) & 0xff, uint64(n-1) & 0xff,
					r.Uint64() & 0xff}[r.IntN(8)]
				x |= b << (8 * i)
				if b < uint64(n) {
					want |= 0x80 << (8 * i)
				}
			}
			if got := lessBytes(x, n); got != want {
				t.Fatalf("%016x < %d: %016x, want %016x", x, n, got, want)
			}
		}
	}
}

// TestBucket compares the search for tags with a loop.
func TestBucket(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 20_000 {
		empty := newBucket()
		b := Bucket(empty[:])
		places := make([]uint64, BucketSlots)
		count := r.IntN(BucketSlots + 1)
		for slot := range count {
			places[slot] = r.Uint64() & placeMask
			b.set(slot, uint8(r.IntN(3)), places[slot])
		}
		b[bucketCount], b[bucketReach] = uint8(count), uint8(r.Uint32())
		for tag := range uint8(4) {
			var want, got []int
			for slot := range count {
				if b[bucketTag+slot] == tag {
					want = append(want, slot)
				}
				if b.Place(slot) != places[slot] {
					t.Fatalf("slot %d: %x, want %x", slot, b.Place(slot), places[slot])
				}
			}
			m, ok := b.Match(tag)
			if !ok {
				t.Fatalf("%x is no bucket", []byte(b))
			}
			for m.Any() {
				got = append(got, m.Next())
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%x, tag %d: %v, want %v", []byte(b), tag, got, want)
			}
		}
		for _, count := range []uint8{BucketSlots + 1, 255} {
			b[bucketCount] = count
			if m, _ := b.Match(0); m.Any() {
				t.Fatalf("count %d: matches", count)
			}
		}
		b[bucketMark] = 0
		if _, ok := b.Match(0); ok {
			t.Fatal("no mark is needed")
		}
	}
}

func TestPlace(t *testing.T) {
	for _, off := range []int64{0, 4, 60, 1 << 20, MaxPaths - 4} {
		for k := range BlockPaths {
			p := NewPlace(off, k)
			if o, j := SplitPlace(p); o != off || j != k || p > placeMask {
				t.Errorf("%d, %d: %x, which is %d, %d", off, k, p, o, j)
			}
		}
	}
}

// TestTable places entries with all kinds of crowds, and finds each again.
func TestTable(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, n := range []int{0, 1, 10, 11, 12, 100, 2000} {
		for _, crowd := range []uint64{1, 20, 1000} {
			hashes := make([]uint64, n)
			for i := range hashes {
				hashes[i] = r.Uint64N(1<<63/crowd) * (1 + r.Uint64N(2))
			}
			slices.Sort(hashes)
			var m memory
			w := NewTableWriter(NewSectionWriter(&m, 0), int64(n))
			for i, h := range hashes {
				if err := w.Add(h, uint64(i)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Finish(); err != nil {
				t.Fatal(err)
			}
			table := m.b
			if min := int(Homes(int64(n))) * BucketSize; len(table) < min ||
				len(table) > min+MaxReach*BucketSize {
				t.Fatalf("%d entries: a table of %d bytes", n, len(table))
			}
			for i, h := range hashes {
				at := Home(h, Homes(int64(n)))
				found := false
				for reach := Bucket(table[at*BucketSize:][:BucketSize]).Reach(); reach >= 0; reach-- {
					b := Bucket(table[at*BucketSize:][:BucketSize])
					for m, _ := b.Match(uint8(h)); m.Any(); {
						if b.Place(m.Next()) == uint64(i) {
							found = true
						}
					}
					at++
				}
				if !found {
					t.Fatalf("%d entries, crowd %d: entry %d, hash %016x, is not found", n, crowd, i, h)
				}
			}
		}
	}
}

// TestCollisions: paths that were made to collide are refused before they make lookups slow.
func TestCollisions(t *testing.T) {
	w := NewTableWriter(NewSectionWriter(&memory{}, 0), 10_000)
	n := 0
	for ; n < 10_000; n++ {
		if err := w.Add(1<<40, uint64(n)); err != nil {
			if !errors.Is(err, ErrCollision) {
				t.Fatal(err)
			}
			break
		}
	}
	if want := (MaxReach + 1) * BucketSlots; n != want {
		t.Errorf("%d were taken, want %d", n, want)
	}
}

// memory is an io.WriterAt that is written in order.
type memory struct{ b []byte }

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.b = append(m.b[:off], p...)
	return len(p), nil
}
