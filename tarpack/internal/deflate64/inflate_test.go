package deflate64

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/hex"
	"errors"
	"io"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// golden has the contents of the streams in testdata, which 7z 26.02 has made ("7z a -tzip
// -mm=Deflate64 -mx=9"). Each is the data of the zip's only entry.
func golden() map[string]string {
	var lines strings.Builder
	for i := range 3000 {
		lines.WriteString(strings.Repeat("line ", i%7) + string(rune('a'+i*i%26)) + "\n")
	}
	text := "a text that comes twice, with 50,000 and with 65,000 zeros in between\n"
	return map[string]string{
		"zeros": string(make([]byte, 1<<20)), // lengths of up to 65,538
		"far": text + string(make([]byte, 50_000)) + text + string(make([]byte, 65_000)) + // distance
			text, // codes 30 and 29
		"lines": lines.String(),
	}
}

func TestGolden(t *testing.T) {
	for name, want := range golden() {
		b, err := os.ReadFile(filepath.Join("testdata", name+".deflate64"))
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(strings.NewReader(string(b) + "rest"))
		z := NewReader(r)
		got, err := io.ReadAll(z)
		if err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, want %d (%v)", name, len(got), len(want), err)
		}
		if rest, _ := io.ReadAll(r); string(rest) != "rest" {
			t.Errorf("%s: %q is left", name, rest)
		}
		if n, err := z.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%s: %d bytes after the end (%v)", name, n, err)
		}
		// Byte by byte, and cut off everywhere.
		got, err = io.ReadAll(iotest.OneByteReader(NewReader(bytes.NewReader(b))))
		if err != nil || string(got) != want {
			t.Errorf("%s: %d bytes one by one (%v)", name, len(got), err)
		}
		for n := 0; n < len(b); n += 1 + len(b)/200 {
			got, err := io.ReadAll(NewReader(bytes.NewReader(b[:n])))
			if err != io.ErrUnexpectedEOF || !strings.HasPrefix(want, string(got)) {
				t.Errorf("%s: %d bytes of it: %v", name, n, err)
			}
		}
	}
}

// TestRefused reads streams that break a rule: those of zlib's test/infcover.c, under its messages,
// and the symbol 286.
func TestRefused(t *testing.T) {
	for name, stream := range map[string]string{
		"invalid block type":                  "06",
		"invalid stored block lengths":        "010000000000",
		"too many length or distance symbols": "fc0000",
		"invalid code lengths set":            "0400feff",
		"invalid bit length repeat":           "0400244900",
		"invalid bit length repeat, too long": "040024e9ffff",
		"invalid code: missing end-of-block":  "040024e9ff6d",
		"invalid literal/lengths set":         "048049922449922471ffff931100",
		"invalid distances set":               "0480499224499224" + "0fb4ffffc384",
		"invalid literal/length code":         "04c08108000000" + "00207feb0b0000",
		"invalid distance code or too far":    "027effff",
		"invalid distance too far back":       "0cc0810000000000" + "90ff6b0400",
		"the symbol 286 of the length codes":  "1b03",
	} {
		b, err := hex.DecodeString(stream)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, make([]byte, 64)...)
		if got, err := io.ReadAll(NewReader(bytes.NewReader(b))); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

// An encoder writes one block with the fixed codes of RFC 1951 §3.2.6, and what it must decode to.
type encoder struct {
	out  []byte
	n    uint
	want []byte
}

func (e *encoder) add(v uint32, n uint) {
	for i := range n {
		if e.n%8 == 0 {
			e.out = append(e.out, 0)
		}
		e.out[e.n/8] |= byte(v>>i&1) << (e.n % 8)
		e.n++
	}
}

func (e *encoder) code(v uint32, n uint) { e.add(bits.Reverse32(v)>>(32-n), n) }

func (e *encoder) symbol(s uint32) {
	switch {
	case s < 144:
		e.code(0x30+s, 8)
	case s < 256:
		e.code(0x190+s-144, 9)
	case s < 280:
		e.code(s-256, 7)
	default:
		e.code(0xc0+s-280, 8)
	}
}

func (e *encoder) literal(c byte) {
	e.symbol(uint32(c))
	e.want = append(e.want, c)
}

// match writes a match of 3 to 65,538 bytes at a distance of 1 to 65,536, which is at most the
// content so far.
func (e *encoder) match(length, distance int) {
	e.symbol(285)
	e.add(uint32(length-3), 16)
	code, base, extra := 0, 1, uint(0)
	for distance >= base+1<<extra {
		base += 1 << extra
		if code++; code > 3 && code%2 == 0 {
			extra++
		}
	}
	e.code(uint32(code), 5)
	e.add(uint32(distance-base), extra)
	for range length {
		e.want = append(e.want, e.want[len(e.want)-distance])
	}
}

// FuzzMatches decodes blocks of any matches.
func FuzzMatches(f *testing.F) {
	f.Add([]byte("abcdefgh"), uint64(1))
	f.Add(bytes.Repeat([]byte{0xff, 0, 3, 200}, 50), uint64(2))
	f.Fuzz(func(t *testing.T, ops []byte, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		e := &encoder{}
		e.add(1|1<<1, 3)
		for _, op := range ops {
			if len(e.want) > 1<<20 {
				break
			}
			if op&1 == 0 || len(e.want) == 0 {
				e.literal(op)
				continue
			}
			length := 3 + random.IntN(1<<(1+op>>4))
			e.match(min(length, 65_538), 1+random.IntN(min(len(e.want), 65_536)))
		}
		e.symbol(endSymbol)
		got, err := io.ReadAll(NewReader(bytes.NewReader(e.out)))
		if err != nil || !bytes.Equal(got, e.want) {
			t.Errorf("%d bytes, want %d (%v)", len(got), len(e.want), err)
		}
	})
}

// FuzzStream decodes any bytes. Up to 257 bytes, the content is the same as in deflate: the codes
// that differ make longer ones, or do not occur.
func FuzzStream(f *testing.F) {
	for name := range golden() {
		b, err := os.ReadFile(filepath.Join("testdata", name+".deflate64"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("\x4b\x4c\x4a\x4e\x49\x4d\x4b\x84\x32\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := io.ReadAll(io.LimitReader(NewReader(bytes.NewReader(b)), 1<<20))
		if err != nil && err != io.ErrUnexpectedEOF && !errors.Is(err, ErrCorrupt) {
			t.Fatal(err)
		}
		want, flateErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), 1<<20))
		if flateErr == nil && len(want) < 258 && (err != nil || !bytes.Equal(got, want)) {
			t.Errorf("%q (%v), want %q", got, err, want)
		}
	})
}
