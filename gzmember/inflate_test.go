package gzmember

import (
	"bytes"
	stdflate "compress/flate"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"math/rand"
	"testing"

	"github.com/klauspost/compress/flate"
)

// streams are deflate streams that each test one thing. The first ones are those of Go's
// compress/flate (TestStreams), which were checked against zlib. Compress/flate decides whether a
// stream is right, and what its content is.
var streams = []struct{ desc, hex string }{
	{"degenerate HCLenTree",
		"05e001000000000010000000000000000000000000000000000000000000000000000000000000000004"},
	{"empty HLitTree, empty HDistTree",
		"05e001040000000000000000000000000000000000000000000000000000000000000000000000000010"},
	{"empty HCLenTree",
		"05e001000000000000000000000000000000000000000000000000000000000000000000000000000010"},
	{"empty HDistTree, use missing HDist symbol",
		"000100feff000de0010400000000100000000000000000000000000000000000" +
			"0000000000000000000000000000002c"},
	{"degenerate HDistTree, use missing HDist symbol",
		"000100feff000de0010000000000000000000000000000000000000000000000" +
			"00000000000000000610000000004070"},
	{"empty HLitTree, empty HDistTree",
		"05e00104000000001004000000000000000000000000000000000000000000000000000000000000000000000008"},
	{"empty HLitTree, degenerate HDistTree",
		"05e00104000000001004000000000000000000000000000000000000000000000000000000000000000800000008"},
	{"degenerate HLitTree, degenerate HDistTree, use missing HLit symbol",
		"05e00104000000001000000000000000000000000000000000000000000000000000000000000000001c"},
	{"too large HDistTree",
		"edff870500000000200400000000000000000000000000000000000000000000" +
			"000000000000000000080000000000000004"},
	{"empty HDistTree, excessive repeater code",
		"edfd870500000000200400000000000000000000000000000000000000000000000000000000000000e8b100"},
	{"empty HDistTree of normal length 30",
		"05fd01240000000000f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff07000000fe01"},
	{"empty HDistTree of excessive length 31",
		"05fe01240000000000f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff07000000fc03"},
	{"over-subscribed HLitTree, empty HDistTree",
		"05e001240000000000fcffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff07f00f"},
	{"under-subscribed HLitTree, empty HDistTree",
		"05e001240000000000fcfffffffffffffffffffffffffffffffffffffffffffffffffffffcffffffff07f00f"},
	{"complete HLitTree with single code, empty HDistTree",
		"05e001240000000000f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff07f00f"},
	{"complete HLitTree with multiple codes, empty HDistTree",
		"05e301240000000000f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff07807f"},
	{"degenerate HDistTree, use valid HDist symbol",
		"000100feff000de0010400000000100000000000000000000000000000000000" +
			"0000000000000000000000000000003c"},
	{"degenerate HLitTree, degenerate HDistTree",
		"05e00104000000001000000000000000000000000000000000000000000000000000000000000000000c"},
	{"degenerate HLitTree, empty HDistTree",
		"05e001040000000010000000000000000000000000000000000000000000000000000000000000000004"},
	{"empty HDistTree, spanning repeater code",
		"edfd870500000000200400000000000000000000000000000000000000000000000000000000000000e8b000"},
	{"complete HCLenTree with length codes, empty HDistTree",
		"ede00104000000001000000000000000000000000000000000000000000000000000000000000000000400004000"},
	{"degenerate HDistTree, use valid HLit symbol 284 with count 31",
		"000100feff00ede0010400000000100000000000000000000000000000000000" +
			"000000000000000000000000000000040000407f00"},
	{"degenerate HDistTree, use valid HLit and HDist symbols",
		"0cc2010d00000082b0ac4aff0eb07d27060000ffff"},
	{"fixed block, use reserved symbol 287", "33180700"},
	{"raw block", "010100feff11"},
	{"Go issue 10426 - over-subscribed HCLenTree causes a hang",
		"344c4a4e494d4b070000ff2e2eff2e2e2e2e2eff"},
	{"Go issue 11030 - empty HDistTree unexpectedly leads to error", "05c0070600000080400fff37a0ca"},
	{"Go issue 11033 - empty HDistTree unexpectedly leads to error",
		"050fb109c020cca5d017dcbca044881ee1034ec149c8980bbc413c2ab35be9dc" +
			"b1473449922449922411202306ee97b0383a521b4ffdcf3217f9f7d3adb701"},

	{"nothing", ""},
	{"empty fixed block", "0300"},
	{"empty stored block", "010000ffff"},
	{"stored block with padding bits set", "f90100feff11"},
	{"stored block with a wrong NLEN", "010100fffe11"},
	{"stored block cut in its data", "010500faff0102"},
	{"reserved block type", "07"},
	{"fixed block, distance before the beginning", "630201"},
	{"fixed block, reserved distance 30", "63783f00"},
	{"flush, then the end", "000000ffff0300"},
	{"fixed blocks that end within a byte", "6200c2000300"},
}

// judge inflates with compress/flate. It returns the content, the length of the stream in bytes,
// and whether the stream is right.
func judge(stream []byte) (content []byte, used int, ok bool) {
	src := bytes.NewReader(stream)
	content, err := io.ReadAll(stdflate.NewReader(src))
	return content, len(stream) - src.Len(), err == nil
}

// compare checks that the inflater agrees with the judge about a stream, passed whole and piece by
// piece.
func compare(t *testing.T, b []byte) {
	t.Helper()
	want, wantUsed, ok := judge(b)
	var z inflater
	z.reset()
	got, used, err := z.appendAll(nil, b, math.MaxInt)
	if (err == nil) != ok {
		t.Fatalf("% .100x: error %v, compress/flate finds it right: %v", b, err, ok)
	}
	if ok && (!bytes.Equal(got, want) || used != wantUsed) {
		t.Fatalf("% .100x: %d bytes from %d, want %d from %d", b, len(got), used, len(want), wantUsed)
	}
	if err != nil && errors.Is(err, ErrCorrupt) == errors.Is(err, ErrTruncated) {
		t.Fatalf("neither one nor the other: %v", err)
	}
	if ok && len(want) > 0 {
		z.reset()
		if _, _, err := z.appendAll(nil, b, len(want)-1); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("a byte over the limit: %v", err)
		}
		z.reset()
		if got, _, err := z.appendAll(make([]byte, 3, 3+len(want)), b, len(want)); err != nil ||
			!bytes.Equal(got[3:], want) {
			t.Fatalf("with exact room: %v", err)
		}
	}
	s := new(stream)
	for _, piece := range []int{1, 7, 1000} {
		if len(want) > 1000*piece*piece {
			continue // it would take long
		}
		s.attach(&pieces{b, piece})
		s.begin()
		var content []byte
		for {
			chunk, why, err := s.next(int64(piece), math.MaxInt64)
			content = append(content, chunk...)
			if why == stopEnd {
				break
			}
			if why != stopWant || err != nil {
				if ok {
					t.Fatalf("% .100x in pieces of %d: stop %d, %v", b, piece, why, err)
				}
				return
			}
			if len(chunk) == 0 {
				t.Fatal("no progress")
			}
		}
		if !ok || !bytes.Equal(content, want) || s.position() != int64(wantUsed) {
			t.Fatalf("% .100x in pieces of %d: %d bytes from %d, want %d from %d", b, piece,
				len(content), s.position(), len(want), wantUsed)
		}
	}
}

// pieces is a reader that returns n bytes at a time.
type pieces struct {
	b []byte
	n int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.n)], p.b)
	p.b = p.b[n:]
	return n, nil
}

func TestInflateStreams(t *testing.T) {
	right := 0
	for _, tt := range streams {
		b, err := hex.DecodeString(tt.hex)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(tt.desc, func(t *testing.T) {
			compare(t, b)
			compare(t, append(b, "more that follows it"...))
			for n := range b {
				compare(t, b[:n])
			}
		})
		if _, _, ok := judge(b); ok {
			right++
		}
	}
	if right != 17 {
		t.Errorf("%d streams are right", right)
	}
}

// deflateAll returns content as several encoders write it.
func deflateAll(t *testing.T, content []byte) (all [][]byte) {
	for level := stdflate.HuffmanOnly; level <= stdflate.BestCompression; level++ {
		var b bytes.Buffer
		w, err := stdflate.NewWriter(&b, level)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(content[:len(content)/3])
		if level == 2 {
			w.Flush()
		}
		w.Write(content[len(content)/3:])
		w.Close()
		all = append(all, b.Bytes())
	}
	for _, level := range []int{1, 6, 9} {
		all = append(all, newEncoder(t, level).AppendSegment(nil, content, true))
	}
	return append(all, appendFixed(nil, content[:min(len(content), 10000)]))
}

func TestInflateEncoders(t *testing.T) {
	for _, tt := range contents {
		if len(tt.b) > 300000 {
			continue // nothing new but the time it takes
		}
		t.Run(tt.name, func(t *testing.T) {
			for _, b := range deflateAll(t, tt.b) {
				compare(t, b)
			}
		})
	}
}

// TestInflateLongCodes: random codes, up to the longest, in blocks made by hand.
func TestInflateLongCodes(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for range 30 {
		// Few symbols, with frequencies like Fibonacci numbers: the code lengths differ as much as
		// possible.
		content := []byte{}
		a, b := 1, 1
		for sym := 0; sym < 20 && len(content) < 40000; sym++ {
			content = append(content, bytes.Repeat([]byte{byte(rng.Intn(256))}, a)...)
			a, b = b, a+b
		}
		rng.Shuffle(len(content), func(i, j int) { content[i], content[j] = content[j], content[i] })
		var out bytes.Buffer
		w, _ := flate.NewWriter(&out, flate.HuffmanOnly)
		w.Write(content)
		w.Close()
		compare(t, out.Bytes())
	}
}

// TestInflateDamaged flips bits of streams with all kinds of blocks.
func TestInflateDamaged(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	content := append(text(3000), noise(300)...)
	tries := 200
	if testing.Short() {
		tries = 30
	}
	for _, b := range deflateAll(t, content) {
		for range tries {
			bad := bytes.Clone(b)
			for range 1 + rng.Intn(2) {
				bad[rng.Intn(min(len(bad), 1<<(2+rng.Intn(14))))] ^= 1 << rng.Intn(8)
			}
			compare(t, bad)
		}
	}
}

func FuzzInflate(f *testing.F) {
	for _, tt := range streams {
		b, _ := hex.DecodeString(tt.hex)
		f.Add(b)
	}
	f.Add(appendFixed(nil, text(400)))
	f.Add(AppendStored(nil, noise(100))[HeaderSize:])
	e := newEncoder(f, 6)
	f.Add(e.AppendSegment(e.AppendSegment(nil, text(2000), false), text(1000), true))
	f.Fuzz(func(t *testing.T, b []byte) { compare(t, b) })
}

func TestInflate(t *testing.T) {
	e := newEncoder(t, 6)
	for _, tt := range contents {
		member := e.AppendMember(nil, tt.b, []byte("Gx"))
		for _, after := range []string{"", "x", "the next member"} {
			dst := []byte("before")
			out, used, err := Inflate(dst, append(bytes.Clone(member), after...), len(tt.b))
			if err != nil || used != len(member) || string(out[:6]) != "before" ||
				!bytes.Equal(out[6:], tt.b) {
				t.Fatalf("%s: %d bytes from %d of %d, %v", tt.name, len(out)-6, used, len(member), err)
			}
		}
		if out, used, err := Inflate([]byte("before"), member, len(tt.b)-1); !errors.Is(err,
			ErrCorrupt) || used != 0 || string(out) != "before" {
			t.Errorf("%s: with a limit of a byte less: %q, %d, %v", tt.name, out, used, err)
		}
	}
}

func TestInflateErrors(t *testing.T) {
	content := text(1000)
	good := newEncoder(t, 6).AppendMember(nil, content, nil)
	at := func(i int, by byte) []byte {
		b := bytes.Clone(good)
		b[(i+len(b))%len(b)] ^= by
		return b
	}
	for _, tt := range []struct {
		name   string
		member []byte
		want   error
	}{
		{"nothing", nil, ErrTruncated},
		{"half a header", good[:5], ErrTruncated},
		{"header", good[:10], ErrTruncated},
		{"half a stream", good[:len(good)/2], ErrTruncated},
		{"no trailer", good[:len(good)-8], ErrTruncated},
		{"half a trailer", good[:len(good)-3], ErrTruncated},
		{"other CRC", at(-8, 1), ErrCorrupt},
		{"other size", at(-1, 1), ErrCorrupt},
		{"other header", at(9, 1), ErrCorrupt},
		{"reserved block", at(10, 6), ErrCorrupt},
		{"foreign gzip",
			[]byte(
				"\x1f\x8b\x08\x00\x01\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
			ErrCorrupt},
	} {
		if tt.name == "reserved block" {
			tt.member[10] |= 6
		}
		out, used, err := Inflate(nil, tt.member, 1<<20)
		if !errors.Is(err, tt.want) || len(out) > 0 || used != 0 {
			t.Errorf("%s: %d bytes from %d, %v", tt.name, len(out), used, err)
		}
	}
}

// TestInflateBomb: allocation depends on the content, not on the limit or on a stated size.
func TestInflateBomb(t *testing.T) {
	member := newEncoder(t, 9).AppendMember(nil, make([]byte, 16<<20), nil)
	out, _, err := Inflate(nil, member, 1<<20)
	if !errors.Is(err, ErrCorrupt) || cap(out) > 0 {
		t.Errorf("%v", err)
	}
	short := newEncoder(t, 9).AppendMember(nil, text(10000), nil)
	out, _, err = Inflate(nil, short, math.MaxInt)
	if err != nil || cap(out) > 100000 {
		t.Errorf("room for %d bytes, %v", cap(out), err)
	}
}

func TestInflateAllocs(t *testing.T) {
	content := text(20000)
	member := newEncoder(t, 6).AppendMember(nil, content, nil)
	buf := make([]byte, 0, len(content))
	wantAllocs(t, 0, func() { Inflate(buf, member, len(content)) })
}

func TestMaxBlockHead(t *testing.T) {
	if maxBlockHead > inputBuffer || maxBlockHead != 564 {
		t.Errorf("the header of a block takes up to %d bytes", maxBlockHead)
	}
}

func TestCheckTrailer(t *testing.T) {
	const size = 1<<32 + 5
	b := AppendMemberTrailer(nil, 0xdeadbeef, size)
	if string(b) != "\xef\xbe\xad\xde\x05\x00\x00\x00" {
		t.Errorf("% x", b)
	}
	if err := checkTrailer(b, 0xdeadbeef, size); err != nil {
		t.Error(err)
	}
	for _, bad := range []error{checkTrailer(b, 0xdeadbeee, size),
		checkTrailer(b, 0xdeadbeef, size+1), checkTrailer(b, crc32.ChecksumIEEE(nil), 0)} {
		if !errors.Is(bad, ErrCorrupt) {
			t.Error(bad)
		}
	}
}
