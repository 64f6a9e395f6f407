package sidecar

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
				b := []uint64{0, 1, 0x7f, 0x80, 0xff, uint64(n) & 0xff, uint64(n-1) & 0xff, r.Uint64() & 0xff}[r.IntN(8)]
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
		b := bucket(empty[:])
		places := make([]uint64, bucketSlots)
		count := r.IntN(bucketSlots + 1)
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
				if b.place(slot) != places[slot] {
					t.Fatalf("slot %d: %x, want %x", slot, b.place(slot), places[slot])
				}
			}
			m, ok := b.match(tag)
			if !ok {
				t.Fatalf("%x is no bucket", []byte(b))
			}
			for m.any() {
				got = append(got, m.next())
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%x, tag %d: %v, want %v", []byte(b), tag, got, want)
			}
		}
		for _, count := range []uint8{bucketSlots + 1, 255} {
			b[bucketCount] = count
			if m, _ := b.match(0); m.any() {
				t.Fatalf("count %d: matches", count)
			}
		}
		b[bucketMark] = 0
		if _, ok := b.match(0); ok {
			t.Fatal("no mark is needed")
		}
	}
}

func TestPlace(t *testing.T) {
	for _, off := range []int64{0, 4, 60, 1 << 20, maxPaths - 4} {
		for k := range blockPaths {
			p := newPlace(off, k)
			if o, j := splitPlace(p); o != off || j != k || p > placeMask {
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
			var m Memory
			w := newTableWriter(newSectionWriter(&m, 0), int64(n))
			for i, h := range hashes {
				if err := w.add(h, uint64(i)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.finish(); err != nil {
				t.Fatal(err)
			}
			table := m.Bytes()
			if min := int(homes(int64(n))) * bucketSize; len(table) < min || len(table) > min+maxReach*bucketSize {
				t.Fatalf("%d entries: a table of %d bytes", n, len(table))
			}
			for i, h := range hashes {
				at := home(h, homes(int64(n)))
				found := false
				for reach := bucket(table[at*bucketSize:][:bucketSize]).reach(); reach >= 0; reach-- {
					b := bucket(table[at*bucketSize:][:bucketSize])
					for m, _ := b.match(uint8(h)); m.any(); {
						if b.place(m.next()) == uint64(i) {
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
	w := newTableWriter(newSectionWriter(&Memory{}, 0), 10_000)
	n := 0
	for ; n < 10_000; n++ {
		if err := w.add(1<<40, uint64(n)); err != nil {
			if !errors.Is(err, ErrCollision) {
				t.Fatal(err)
			}
			break
		}
	}
	if want := (maxReach + 1) * bucketSlots; n != want {
		t.Errorf("%d were taken, want %d", n, want)
	}
}
