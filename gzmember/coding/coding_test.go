package coding

import (
	"math"
	"testing"
)

func TestString(t *testing.T) {
	for c, want := range map[Coding]string{
		None: "none", Deflate: "deflate", Stored: "stored", Segmented: "segmented", 4: "coding(4)",
	} {
		if c.String() != want {
			t.Errorf("%d: %s", uint8(c), c)
		}
	}
}

// TestLimits writes down the arithmetic of the constants.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"an empty block with fixed codes", MinMember - Overhead, (3 + 7 + 7) / 8},
		{"longest stored block", StoredBlock, math.MaxUint16},
		{"segments with short lengths", MaxSegments(MinShift), 5333},
		{"segments with long lengths", MaxSegments(MaxShift), 4000},
		{"extra field that busybox reads", (2 + MaxTable + 4) / (16 << 10), 0},
		{"largest segmented file", MaxSegmented, 4000 << 31},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
	// Deflate adds at most 5 bytes to each stored block, and a flush takes another 5.
	for shift, most := range map[uint8]int64{shortShift: 1<<(8*shortLength) - 1,
		MaxShift: math.MaxUint32} {
		if n := StoredLength(1<<shift) - Overhead + StoredHead; n > most {
			t.Errorf("a segment of shift %d may take %d bytes, its length at most %d", shift, n, most)
		}
	}
}

func TestShiftFor(t *testing.T) {
	for _, tt := range []struct {
		size     int64
		shift    uint8
		segments int64
	}{
		{1, 20, 1},
		{1 << 20, 20, 1},
		{1<<20 + 1, 20, 2},
		{4 << 30, 20, 4096},
		{5333 << 20, 20, 5333},
		{5333<<20 + 1, 21, 2667},
		{5333 << 23, 23, 5333},
		{5333<<23 + 1, 24, 2667},
		{4000 << 24, 24, 4000},
		{4000<<24 + 1, 25, 2001},
		{MaxSegmented, 31, 4000},
	} {
		shift := ShiftFor(tt.size)
		if n := Segments(tt.size, shift); shift != tt.shift || n != tt.segments {
			t.Errorf("%d bytes: shift %d, %d segments; want %d, %d", tt.size, shift, n, tt.shift,
				tt.segments)
		}
	}
	if n := Segments(math.MaxInt64, MinShift); n != 1<<43 {
		t.Errorf("%d segments", n)
	}
}

func TestStoredLength(t *testing.T) {
	for _, tt := range []struct{ size, length int64 }{
		{1, 1 + 5 + 18},
		{65534, 65534 + 5 + 18},
		{65535, 65535 + 5 + 18},
		{65536, 65536 + 10 + 18},
		{131070, 131070 + 10 + 18},
		{131071, 131071 + 15 + 18},
		{MaxSize, MaxSize + 5*4295032833 + 18},
	} {
		if got := StoredLength(tt.size); got != tt.length {
			t.Errorf("length of %d bytes is %d, want %d", tt.size, got, tt.length)
		}
	}
}

func TestCheckSegments(t *testing.T) {
	for _, c := range []struct {
		size  int64
		shift uint8
		n     int64
		ok    bool
	}{
		{2 << 20, 20, 2, true},
		{2<<20 - 1, 20, 2, true},
		{5333 << 20, 20, 5333, true},
		{4000 << 31, 31, 4000, true},
		{2 << 20, 20, 3, false},       // not the number of segments
		{2 << 20, 21, 1, false},       // one segment
		{5334 << 20, 20, 5334, false}, // too many
		{4001 << 24, 24, 4001, false},
		{2 << 19, 19, 2, false}, // segments too small
		{2 << 32, 32, 2, false}, // or too large
	} {
		if err := CheckSegments(c.size, c.shift, c.n); (err == nil) != c.ok {
			t.Errorf("%d bytes, shift %d, %d segments: %v", c.size, c.shift, c.n, err)
		}
	}
}
