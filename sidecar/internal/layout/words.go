package layout

import "encoding/binary"

// Arithmetic on the 8 bytes of a word, without branches.

const (
	lowBits  = 0x0101010101010101
	lowSeven = 0x7f7f7f7f7f7f7f7f
	highBits = 0x80 * lowBits
)

// zeroBytes returns the highest bit of each byte of x that is zero, and no other bit.
func zeroBytes(x uint64) uint64 {
	return ^((x&lowSeven + lowSeven) | x | lowSeven)
}

// lessBytes returns the highest bit of each byte of x that is less than n, and no other bit.
func lessBytes(x uint64, n int) uint64 {
	switch {
	case n <= 0x80:
		return ^((x | highBits) - uint64(n)*lowBits | x) & highBits
	case n <= 0xff:
		return ^(((x | highBits) - uint64(n-0x80)*lowBits) & x) & highBits
	}
	return highBits
}

// firstBytes returns a mask of the first n bytes of a word, of all of them if n is 8 or more.
func firstBytes(n int) uint64 { return 1<<(8*uint(n)) - 1 } // a shift by 64 or more gives 0

// sumBytes returns the sum of the 8 bytes of x.
func sumBytes(x uint64) int {
	const odd = 0x00ff00ff00ff00ff
	x = x&odd + x>>8&odd
	return int(x * 0x0001000100010001 >> 48)
}

// CommonPrefix returns the number of bytes that a and b share at their beginnings.
func CommonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if binary.LittleEndian.Uint64(a[i:]) != binary.LittleEndian.Uint64(b[i:]) {
			break
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
