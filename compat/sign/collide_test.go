package sign

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/compat/trees"
)

// The primes of xxHash64, and the accumulators of its first two lanes with seed 0.
const (
	prime1 uint64 = 0x9e3779b185ebca87
	prime2 uint64 = 0xc2b2ae3d27d4eb4f
)

var lanes = func(p1, p2 uint64) [2]uint64 { return [2]uint64{p1 + p2, p2} }(prime1, prime2)

// xxRound takes the next 8 bytes of a lane into its accumulator.
func xxRound(acc, word uint64) uint64 {
	return bits.RotateLeft64(acc+word*prime2, 31) * prime1
}

// inverse returns the number whose product with the odd number x is 1 modulo 2^64.
func inverse(x uint64) uint64 {
	y := x
	for range 6 { // Newton: each step doubles the bits that are right
		y *= 2 - x*y
	}
	return y
}

// collide returns another content with the length, the xxHash64 and the CRC-32 of b, which has at
// least 64 bytes.
//
// A lane of xxHash64 takes 8 bytes of each 32. After any change of the first 8, the next 8 of the
// lane can be chosen so that its accumulator is the same. So there are 2^64 such changes for each
// lane. CRC-32 is linear: two changes, one in each of two lanes, cancel out if their effects on it
// are equal. Of 2^18 changes for each lane, about 16 pairs do.
func collide(t testing.TB, b []byte) []byte {
	t.Helper()
	const tries = 1 << 18
	le := binary.LittleEndian
	want := crc32.ChecksumIEEE(b[:64])
	change := func(lane int, try uint64) []byte {
		c := bytes.Clone(b[:64])
		one, two := c[8*lane:], c[32+8*lane:]
		was := xxRound(lanes[lane], le.Uint64(one))
		le.PutUint64(one, le.Uint64(one)^try)
		now := xxRound(lanes[lane], le.Uint64(one))
		le.PutUint64(two, le.Uint64(two)+(was-now)*inverse(prime2))
		return c
	}
	effects := map[uint32]uint64{}
	for try := uint64(1); try < tries; try++ {
		effects[crc32.ChecksumIEEE(change(0, try))^want] = try
	}
	for try := uint64(1); try < tries; try++ {
		second := change(1, try)
		first, ok := effects[crc32.ChecksumIEEE(second)^want]
		if !ok {
			continue
		}
		other := bytes.Clone(b)
		copy(other, second)
		c := change(0, first)
		copy(other[0:8], c[0:8])
		copy(other[32:40], c[32:40])
		return other
	}
	t.Fatal("no collision found")
	return nil
}

// TestCollide requires that collisions are real ones.
func TestCollide(t *testing.T) {
	for _, n := range []int{64, 100, 5000} {
		b := trees.NoiseBytes("collide", n)
		c := collide(t, b)
		if bytes.Equal(b, c) || len(b) != len(c) || xxhash.Sum64(b) != xxhash.Sum64(c) ||
			crc32.ChecksumIEEE(b) != crc32.ChecksumIEEE(c) {
			t.Errorf("%d bytes: %x and %x are no collision", n, b[:64], c[:64])
		}
	}
}
