package gzmember

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand"
	"os"
	"slices"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
)

// gunzip inflates with the standard library, in single-member mode, to judge the members of this
// package. It returns the content of the member at the beginning of b and the bytes after it.
func gunzip(t testing.TB, b []byte) (content, rest []byte) {
	t.Helper()
	content, rest, err := gunzipErr(b)
	if err != nil {
		t.Fatalf("compress/gzip: %v", err)
	}
	return content, rest
}

func gunzipErr(b []byte) (content, rest []byte, err error) {
	src := bytes.NewReader(b)
	z, err := gzip.NewReader(src)
	if err != nil {
		return nil, nil, err
	}
	z.Multistream(false)
	content, err = io.ReadAll(z)
	return content, b[len(b)-src.Len():], err
}

// text returns n bytes that deflate shrinks to about a third: words of a small vocabulary, in
// lines.
func text(n int) []byte {
	rng := rand.New(rand.NewSource(int64(n)))
	words := make([]string, 600)
	for i := range words {
		w := make([]byte, 2+rng.Intn(9))
		for j := range w {
			w[j] = 'a' + byte(rng.Intn(6)*rng.Intn(5))
		}
		words[i] = string(w)
	}
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, `<a href="%s.html">%s</a> `, words[rng.Intn(40)], words[rng.Intn(len(words))])
		if rng.Intn(8) == 0 {
			b.WriteString("\n<p>")
		}
	}
	return b.Bytes()[:n]
}

// noise returns n bytes that deflate does not shrink.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(int64(n))).Read(b)
	return b
}

// mixed returns n bytes of text, noise, zeros and repetitions.
func mixed(n int) []byte {
	rng := rand.New(rand.NewSource(int64(n)))
	var b []byte
	for len(b) < n {
		k := 1 + rng.Intn(1+n/3)
		switch rng.Intn(4) {
		case 0:
			b = append(b, text(k)...)
		case 1:
			b = append(b, noise(k)...)
		case 2:
			b = append(b, make([]byte, k)...)
		case 3:
			b = append(b, bytes.Repeat(noise(1+rng.Intn(9)), k)...)
		}
	}
	return b[:n]
}

type content struct {
	name string
	b    []byte
}

// contents are inputs for the encoders.
var contents = []content{
	{"one byte", []byte{'x'}},
	{"one zero", []byte{0}},
	{"two", []byte{0xff, 0xff}},
	{"three equal", []byte("aaa")},
	{"word", []byte("hello, world\n")},
	{"127 of text", text(127)},
	{"128 of text", text(128)},
	{"129 of text", text(129)},
	{"511 zeros", make([]byte, 511)},
	{"512 zeros", make([]byte, 512)},
	{"513 of text", text(513)},
	{"all bytes", allBytes()},
	{"4 KiB of noise", noise(4096)},
	{"64 KiB of text", text(64 << 10)},
	{"64 KiB of high bytes", bytes.Repeat([]byte{0xfe, 0x90, 0xa0, 0xff, 0xc0}, 64<<10/5)},
	{"65,535 of noise", noise(65535)},
	{"65,536 of noise", noise(65536)},
	{"131,070 of noise", noise(131070)},
	{"131,071 of noise", noise(131071)},
	{"200,000 mixed", mixed(200000)},
	{"1 MiB - 1", text(1<<20 - 1)},
	{"1 MiB + 1", text(1<<20 + 1)},
	{"3 MiB mixed", mixed(3 << 20)},
}

// TestMain makes -short, which goes with the race detector, do without the large contents.
func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		contents = slices.DeleteFunc(contents, func(c content) bool { return len(c.b) > 140000 })
		levels = []int{1, 6, 9}
	}
	os.Exit(m.Run())
}

// levels are those that the tests of the encoder go through.
var levels = []int{1, 2, 3, 4, 5, 6, 7, 8, 9}

// countAllocs is false where allocations cannot be counted.
var countAllocs = true

// wantAllocs checks that f, once it is warm, makes so many allocations at most.
func wantAllocs(t *testing.T, most float64, f func()) {
	t.Helper()
	f()
	if !countAllocs {
		return
	}
	if n := testing.AllocsPerRun(50, f); n > most {
		t.Errorf("%v allocations, want at most %v", n, most)
	}
}

func allBytes() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// newEncoder is NewEncoder for tests.
func newEncoder(t testing.TB, level int) *Encoder {
	t.Helper()
	e, err := NewEncoder(level)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// archived is a C amid other bytes, as in an archive.
type archived struct {
	content []byte
	archive []byte
	c       Content
}

// member returns the C alone.
func (a *archived) member() []byte { return a.archive[a.c.Offset : a.c.Offset+a.c.Length] }

// src returns a copy of the archive that may be damaged, as a ReaderAt.
func (a *archived) src() *bytes.Reader { return bytes.NewReader(a.archive) }

// put makes a C of content in the given coding. It returns nil for a segmented C of less than two
// segments.
func put(t testing.TB, content []byte, how coding.Coding) *archived {
	t.Helper()
	e := newEncoder(t, 6)
	before := []byte("something before")
	a := &archived{content: content, archive: before, c: Content{
		Offset: int64(len(before)),
		Size:   int64(len(content)),
		CRC:    crc32.ChecksumIEEE(content),
		Coding: how,
	}}
	switch how {
	case coding.Deflate:
		a.archive = e.AppendMember(a.archive, content, nil)
	case coding.Stored:
		a.archive = AppendStored(a.archive, content)
	case coding.Segmented:
		if len(content) <= 1<<coding.MinShift {
			return nil
		}
		var ends []int64
		a.archive = AppendMemberHeader(a.archive, nil)
		start := len(a.archive)
		for rest := content; len(rest) > 0; {
			n := min(1<<coding.MinShift, len(rest))
			a.archive = e.AppendSegment(a.archive, rest[:n], n == len(rest))
			ends = append(ends, int64(len(a.archive)-start))
			rest = rest[n:]
		}
		a.archive = AppendMemberTrailer(a.archive, a.c.CRC, a.c.Size)
		a.c.Shift = coding.MinShift
		a.c.Ends = func(k int) (int64, error) { return ends[k], nil }
	}
	a.c.Length = int64(len(a.archive)) - a.c.Offset
	a.archive = append(a.archive, "something after it"...)
	return a
}

var codings = []coding.Coding{coding.Deflate, coding.Stored, coding.Segmented}

// TestLimits compares the limits in package coding with the parts of a member.
func TestLimits(t *testing.T) {
	if coding.Overhead != HeaderSize+MemberTrailerSize {
		t.Errorf("overhead %d, header %d, trailer %d", coding.Overhead, HeaderSize, MemberTrailerSize)
	}
	if coding.MaxExpansion != 4*maxMatch {
		t.Errorf("expansion %d, longest match %d", coding.MaxExpansion, maxMatch)
	}
	if n := len(AppendZeros(nil, 0, nil)); n != coding.MinMember {
		t.Errorf("shortest member %d, want %d", n, coding.MinMember)
	}
}
