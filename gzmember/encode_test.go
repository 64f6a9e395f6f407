package gzmember

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"math/rand"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
)

func TestNewEncoder(t *testing.T) {
	for _, level := range []int{-3, -2, -1, 0, 10, 100} {
		if _, err := NewEncoder(level); err == nil {
			t.Errorf("level %d is accepted", level)
		}
	}
}

func TestAppendMember(t *testing.T) {
	for _, level := range levels {
		e := newEncoder(t, level)
		for _, tt := range contents {
			if len(tt.b) > 300000 && level != 6 {
				continue // nothing new but the time it takes
			}
			for _, extra := range []string{"", "Gx"} {
				b := e.AppendMember([]byte("before"), tt.b, []byte(extra))[len("before"):]
				content, rest := gunzip(t, b)
				if !bytes.Equal(content, tt.b) || len(rest) > 0 {
					t.Fatalf("level %d, %s: comes out as %d bytes and %d after", level, tt.name,
						len(content), len(rest))
				}
				if h, err := ParseHeader(b); err != nil || string(h.Extra) != extra {
					t.Fatalf("level %d, %s: %v", level, tt.name, err)
				}
			}
		}
		if content, _ := gunzip(t, e.AppendMember(nil, nil, nil)); len(content) != 0 {
			t.Errorf("level %d: nothing comes out as %d bytes", level, len(content))
		}
	}
}

func TestAppendContent(t *testing.T) {
	for _, tt := range []struct {
		name    string
		content []byte
		want    coding.Coding
	}{
		{"one byte", []byte("x"), coding.Stored},
		{"short word", []byte("hello, world\n"), coding.Stored},
		{"short run", bytes.Repeat([]byte("a"), 40), coding.Deflate},
		{"text", text(5000), coding.Deflate},
		{"much text", text(1 << 20), coding.Deflate},
		{"noise", noise(5000), coding.Stored},
		{"much noise", noise(1 << 20), coding.Stored},
		{"noise with a little text", append(noise(98000), text(2000)...), coding.Stored},
		{"noise with more text", append(noise(70000), text(30000)...), coding.Deflate},
		{"text with a little noise", append(text(90000), noise(10000)...), coding.Deflate},
	} {
		for _, level := range levels {
			e := newEncoder(t, level)
			b, got := e.AppendContent([]byte("before"), tt.content)
			b = b[len("before"):]
			content, rest := gunzip(t, b)
			if !bytes.Equal(content, tt.content) || len(rest) > 0 || got != tt.want {
				t.Errorf("level %d, %s: %s of %d bytes, comes out as %d bytes", level, tt.name, got,
					len(b), len(content))
			}
			if IsStored(b, int64(len(content))) != (got == coding.Stored) {
				t.Errorf("level %d, %s: said to be %s", level, tt.name, got)
			}
			if got == coding.Deflate && !Saves(int64(len(b)), int64(len(content))) {
				t.Errorf("level %d, %s: deflate of %d bytes in %d", level, tt.name, len(content), len(b))
			}
		}
	}
}

func TestSaves(t *testing.T) {
	for _, tt := range []struct {
		length, size int64
		want         bool
	}{
		{0, 1, true}, {1, 1, false}, {97, 100, true}, {98, 100, false}, {96, 99, true}, {97, 99, false},
		{970, 1000, true}, {971, 1000, false}, {coding.MaxSize, coding.MaxSize,
			false}, {coding.MaxSize / 2, coding.MaxSize, true},
	} {
		if got := Saves(tt.length, tt.size); got != tt.want {
			t.Errorf("%d instead of %d bytes: %v", tt.length, tt.size, got)
		}
	}
}

// TestDeterministic: an encoder that made other things before makes the same as a new one.
func TestDeterministic(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for _, level := range levels {
		used := newEncoder(t, level)
		for range 20 {
			tt := contents[rng.Intn(len(contents)-1)]
			n := 1 + rng.Intn(len(tt.b))
			content := tt.b[len(tt.b)-n:]
			want, _ := newEncoder(t, level).AppendContent(nil, content)
			got, _ := used.AppendContent(nil, content)
			if !bytes.Equal(got, want) {
				t.Fatalf("level %d, %d bytes of %s: a used encoder makes something else", level, n, tt.name)
			}
		}
	}
}

func TestEncodeAllocs(t *testing.T) {
	content, buf := text(20000), make([]byte, 0, 100000)
	random := noise(20000)
	extra := []byte("Gx")
	for _, level := range levels {
		e := newEncoder(t, level)
		encode := func() {
			e.AppendContent(buf, content)
			e.AppendContent(buf, random)
			e.AppendContent(buf, content[:100])
			e.AppendMember(buf, content, extra)
			e.AppendSegment(buf, content, false)
			AppendStored(buf, random)
			AppendTarHeader(buf, content[:512])
		}
		t.Run(fmt.Sprintf("level %d", level), func(t *testing.T) { wantAllocs(t, 0, encode) })
	}
}

func FuzzRoundTrip(f *testing.F) {
	for _, tt := range contents {
		if len(tt.b) < 5000 {
			f.Add(tt.b, byte(6))
		}
	}
	encoders := map[byte]*Encoder{}
	f.Fuzz(func(t *testing.T, content []byte, level byte) {
		level = level%9 + 1
		e := encoders[level]
		if e == nil {
			e = newEncoder(t, int(level))
			encoders[level] = e
		}
		check := func(what string, b []byte) {
			got, rest, err := gunzipErr(b)
			if err != nil || !bytes.Equal(got, content) || len(rest) > 0 {
				t.Fatalf("%s: gunzip: %d bytes of %d, %d after, %v", what, len(got), len(content),
					len(rest), err)
			}
			got, used, err := Inflate(nil, b, len(content))
			if err != nil || !bytes.Equal(got, content) || used != len(b) {
				t.Fatalf("%s: Inflate: %d bytes of %d, %v", what, len(got), len(content), err)
			}
		}
		check("member", e.AppendMember(nil, content, nil))
		check("tar header", AppendTarHeader(nil, content))
		if len(content) > 0 {
			check("stored", AppendStored(nil, content))
			b, got := e.AppendContent(nil, content)
			check(got.String(), b)
		}
		half := len(content) / 2
		b := e.AppendSegment(AppendMemberHeader(nil, nil), content[:half], false)
		b = e.AppendSegment(b, content[half:], true)
		check("segments", append(b, e.AppendMember(nil, content,
			nil)[len(e.AppendMember(nil, content, nil))-MemberTrailerSize:]...))
	})
}

func TestCompressible(t *testing.T) {
	for _, tt := range []struct {
		name    string
		content []byte
		want    bool
	}{
		{"nothing", nil, true},
		{"text", text(1000), true},
		{"noise", noise(100), false},
		{"much text", text(3 << 20), true},
		{"much noise", noise(3 << 20), false},
		{"text, then noise", append(text(200000), noise(3<<20)...), true},
		{"noise with a little text", append(noise(3<<20), text(30000)...), false},
	} {
		for range 2 {
			got, err := Compressible(bytes.NewReader(tt.content), int64(len(tt.content)))
			if err != nil || got != tt.want {
				t.Errorf("%s: %v, %v", tt.name, got, err)
			}
			got, err = Compressible(bytes.NewReader(tt.content), int64(len(tt.content)),
				make([]byte, 64<<10))
			if err != nil || got != tt.want {
				t.Errorf("%s, own buffer: %v, %v", tt.name, got, err)
			}
		}
	}
	if _, err := Compressible(bytes.NewReader(make([]byte, 50000)), 60000); !errors.Is(err,
		io.ErrUnexpectedEOF) {
		t.Errorf("a file that ends early: %v", err)
	}
}

// sampled counts the reads of Compressible.
type sampled struct{ reads, bytes, last int64 }

func (s *sampled) ReadAt(p []byte, off int64) (int, error) {
	s.reads++
	s.bytes += int64(len(p))
	s.last = off + int64(len(p))
	return len(p), nil
}

func TestCompressibleReads(t *testing.T) {
	for _, size := range []int64{1, 32 << 10, 32<<10 + 1, 1<<20 - 1, 1 << 20, 1<<20 + 1,
		1<<20 + 100, 5 << 20, coding.MaxSize} {
		var s sampled
		if _, err := Compressible(&s, size); err != nil {
			t.Fatal(err)
		}
		want := min(size, sampleChunks*sampleChunk)
		if s.reads != (want+sampleChunk-1)/sampleChunk || s.bytes != want || size-s.last >= sampleChunks {
			t.Errorf("of %d bytes %d were read in %d, up to %d", size, s.bytes, s.reads, s.last)
		}
	}
}

func BenchmarkAppendContent(b *testing.B) {
	for _, kind := range []struct {
		name string
		make func(int) []byte
	}{{"text", text}, {"noise", noise}} {
		for _, size := range []int{1 << 10, 6 << 10, 64 << 10, 1 << 20} {
			for _, level := range []int{1, 6, 9} {
				b.Run(fmt.Sprintf("%s/%d/level=%d", kind.name, size, level), func(b *testing.B) {
					content := kind.make(size)
					e := newEncoder(b, level)
					var buf []byte
					b.SetBytes(int64(size))
					b.ReportAllocs()
					for b.Loop() {
						buf, _ = e.AppendContent(buf[:0], content)
					}
					b.ReportMetric(float64(len(buf))/float64(size), "ratio")
				})
			}
		}
	}
}

// TestBest: at level 9 a long segment is no longer than with either package, and inflates to the
// content.
func TestBest(t *testing.T) {
	r := rand.New(rand.NewSource(9))
	var content []byte
	for len(content) < 3*otherMin { // of changing nature
		kind := r.Intn(3)
		for range 2000 + r.Intn(30_000) {
			switch kind {
			case 0:
				content = append(content, "0123456789"[r.Intn(10)])
			case 1:
				content = append(content, byte('a'+bits.Len16(uint16(r.Uint32()))))
			default:
				content = append(content, "<td class=x>"...)
			}
		}
	}
	e, err := NewEncoder(9)
	if err != nil {
		t.Fatal(err)
	}
	got := e.AppendSegment(nil, content, true)
	back, err := io.ReadAll(flate.NewReader(bytes.NewReader(got)))
	if err != nil || !bytes.Equal(back, content) {
		t.Fatalf("%d of %d bytes come back: %v", len(back), len(content), err)
	}
	for name, w := range map[string]deflater{"klauspost": e.w, "compress/flate": e.other} {
		if n := len(e.deflate(w, nil, content, true)); len(got) > n {
			t.Errorf("%d bytes, by %s %d", len(got), name, n)
		}
	}
}
