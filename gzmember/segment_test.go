package gzmember

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
)

func TestSegmentsExtra(t *testing.T) {
	for _, tt := range []struct {
		shift      uint8
		n          int
		perSegment int
		longest    uint32
	}{{20, 2, 3, 1<<24 - 1}, {23, 5333, 3, 1<<24 - 1}, {24, 3, 4, math.MaxUint32}, {31, 4000, 4,
		math.MaxUint32}} {
		n := tt.n
		s := Segments{Shift: tt.shift}
		for i := range n {
			s.Lengths = append(s.Lengths, uint32(i)*3001+1)
		}
		s.Lengths[n-1] = tt.longest
		extra := s.AppendExtra([]byte("before"))[len("before"):]
		if len(extra) != 2+n*tt.perSegment || len(extra) > MaxExtra || extra[0] != KindSegments {
			t.Fatalf("payload of %d bytes", len(extra))
		}
		h, err := ParseHeader(AppendZeros(nil, 1, extra))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseSegments(h.Extra)
		if err != nil || got.Shift != s.Shift || !slices.Equal(got.Lengths, s.Lengths) {
			t.Fatalf("%d segments come back as %d, %v", n, len(got.Lengths), err)
		}
	}
	if got := (Segments{20, []uint32{1,
		0x030201}}).AppendExtra(nil); string(got) != "S\x14\x01\x00\x00\x01\x02\x03" {
		t.Errorf("% x", got)
	}
	if got := (Segments{24, []uint32{1,
		0x04030201}}).AppendExtra(nil); string(got) != "S\x18\x01\x00\x00\x00\x01\x02\x03\x04" {
		t.Errorf("% x", got)
	}
}

func TestParseSegmentsRefuses(t *testing.T) {
	table := func(shift uint8, n int) []byte {
		return Segments{shift, slices.Repeat([]uint32{9}, n)}.AppendExtra(nil)
	}
	for name, b := range map[string][]byte{
		"nothing":      nil,
		"kind alone":   []byte("S"),
		"other kind":   append([]byte("G"), table(20, 2)[1:]...),
		"no segment":   table(20, 0),
		"one":          table(20, 1),
		"too many":     table(23, 5334),
		"too many, 4":  table(24, 4001),
		"odd length":   append(table(20, 2), 0),
		"small shift":  table(19, 2),
		"large shift":  table(41, 2),
		"empty length": Segments{20, []uint32{5, 0, 5}}.AppendExtra(nil),
	} {
		if s, err := ParseSegments(b); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %d segments, %v", name, len(s.Lengths), err)
		}
	}
}

// FuzzParseSegments: a payload that is accepted is byte for byte one that AppendExtra writes.
func FuzzParseSegments(f *testing.F) {
	f.Add(Segments{20, []uint32{1, 2}}.AppendExtra(nil))
	f.Add([]byte("S"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSegments(b)
		if err != nil {
			return
		}
		if again := s.AppendExtra(nil); !bytes.Equal(again, b) {
			t.Fatalf("% x is written as % x", b, again)
		}
	})
}

// TestSegments: each segment begins and ends as FORMAT.md §1.3 requires, and inflates without those
// before it.
func TestSegments(t *testing.T) {
	for _, level := range levels {
		e := newEncoder(t, level)
		content := mixed(3<<20 + 7)
		stream := AppendMemberHeader(nil, nil)
		var z inflater
		for rest := content; len(rest) > 0; {
			n := min(1<<20, len(rest))
			last := n == len(rest)
			start := len(stream)
			stream = e.AppendSegment(stream, rest[:n], last)
			segment := stream[start:]
			if !last && !bytes.HasSuffix(segment, []byte{0, 0, 0xff, 0xff}) {
				t.Fatalf("level %d: a segment ends in % x", level, segment[len(segment)-4:])
			}
			z.reset()
			out := make([]byte, n)
			end, used, v := z.inflate(out, 0, segment)
			if end != n || used != len(segment) || !bytes.Equal(out, rest[:n]) ||
				(v == ended) != last || z.atFlush() == last {
				t.Fatalf("level %d: a segment of %d bytes inflates to %d, verdict %d", level, n, end, v)
			}
			rest = rest[n:]
		}
		a := put(t, content, coding.Segmented)
		stream = AppendMemberTrailer(stream, a.c.CRC, a.c.Size)
		if got, rest := gunzip(t, stream); !bytes.Equal(got, content) || len(rest) > 0 {
			t.Fatalf("level %d: gunzip gives %d bytes", level, len(got))
		}
	}
}
