package layout

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// writeBlock makes a block of paths.
func writeBlock(paths []string) []byte {
	var m memory
	w := PathWriter{Paths: NewSectionWriter(&m, 0), Blocks: NewSectionWriter(&memory{}, 0)}
	before := ""
	for _, p := range paths {
		w.Add(CommonPrefix([]byte(before), []byte(p)), []byte(p))
		before = p
	}
	w.Flush()
	w.Paths.Flush()
	return m.b
}

func TestPathBlock(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	bases := []string{"a", "some/path/to/", strings.Repeat("d/", 126), strings.Repeat("e/", 127),
		strings.Repeat("f/", 200), strings.Repeat("g/", 8000)}
	for range 100 {
		paths := make([]string, 1+r.IntN(BlockPaths))
		for i := range paths {
			n := 1 + r.IntN(6)
			if r.IntN(5) == 0 {
				n = 250 + r.IntN(10)
			}
			paths[i] = bases[r.IntN(len(bases))] + strings.Repeat(string(rune('a'+r.IntN(3))), n)
		}
		slices.Sort(paths)
		paths = slices.Compact(paths)
		checkBlock(t, paths, writeBlock(paths))
	}
}

// checkBlock reads a block in each way.
func checkBlock(t *testing.T, paths []string, b []byte) {
	t.Helper()
	for _, extra := range []string{"", "what follows"} {
		p, err := NewPathBlock(append(bytes.Clone(b), extra...))
		if err != nil {
			t.Fatal(err)
		}
		if p.Size() != len(b) || p.Number() != 0 {
			t.Fatalf("size %d of %d, number %d", p.Size(), len(b), p.Number())
		}
		for k, want := range paths {
			got, err := p.AppendPath([]byte("x"), k)
			if err != nil || string(got) != "x"+want {
				t.Fatalf("path %d is %q, %v; want %q", k, got, err, want)
			}
			for j, other := range paths {
				if same, err := p.Equal(k, other); same != (j == k) || err != nil {
					t.Fatalf("path %d, %q, is path %d, %q: %v, %v", k, want, j, other, same, err)
				}
			}
			for at := 0; at < len(want); at += 1 + at/16 { // differs in one byte
				other := []byte(want)
				other[at] ^= 1
				if same, err := p.Equal(k, string(other)); same || err != nil {
					t.Fatalf("path %q is %q: %v, %v", want, other, same, err)
				}
			}
		}
		for k := len(paths); k < BlockPaths; k++ {
			if _, err := p.AppendPath(nil, k); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("path %d of %d: %v", k, len(paths), err)
			}
		}
	}
	p, _ := NewPathBlock(b)
	var ends [BlockPaths]int
	all, err := p.AppendAll([]byte("x"), len(paths), &ends)
	if err != nil || string(all) != "x"+strings.Join(paths, "") {
		t.Fatalf("all paths: %q, %v", all, err)
	}
	for k, p := range paths {
		if !strings.HasSuffix(string(all[:ends[k]]), p) {
			t.Fatalf("path %d ends at %d", k, ends[k])
		}
	}
}

// TestPathBlockForms: AppendAll, on which Verify relies, accepts only blocks that PathWriter
// writes.
func TestPathBlockForms(t *testing.T) {
	good := writeBlock([]string{"ab", "abc", "bb"})
	for _, c := range []struct {
		what string
		edit func(b []byte) []byte
	}{
		{"the first shares", func(b []byte) []byte { b[0] = 1; return b }},
		{"shares too little", func(b []byte) []byte {
			b[1], b[17] = 1,
				2
			return slices.Insert(b, BlockHead+2, 'b')[:len(b)]
		}},
		{"shares too much", func(b []byte) []byte { b[2] = 4; return b }},
		{"empty path", func(b []byte) []byte { b[16] = 0; return b }},
		{"one too many", func(b []byte) []byte { b[19] = 1; return b }},
		{"one too few", func(b []byte) []byte { b[18] = 0; return b }},
		{"padding", func(b []byte) []byte { b[len(b)-1] = 1; return b }},
		{"too much padding", func(b []byte) []byte { return append(b, 0, 0, 0, 0) }},
		{"a cut", func(b []byte) []byte { return b[:BlockHead+1] }},
		{"a long form", func(b []byte) []byte {
			b[1] = longLen
			return slices.Insert(b, BlockHead, 2, 0)[:len(b)]
		}},
	} {
		p, err := NewPathBlock(c.edit(bytes.Clone(good)))
		if err == nil {
			_, err = p.AppendAll(nil, 3, new([BlockPaths]int))
		}
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

func TestCommonPrefix(t *testing.T) {
	for n := range 40 {
		a := []byte(strings.Repeat("x", n))
		for m := range 40 {
			b := []byte(strings.Repeat("x", m) + "y")
			if got := CommonPrefix(a, b); got != min(n, m) {
				t.Fatalf("of %d and %d bytes: %d", n, m, got)
			}
		}
	}
}

// TestPathBlockLost: zeros, as a file system leaves them for lost data, are not a path that
// differs.
func TestPathBlockLost(t *testing.T) {
	good := writeBlock([]string{"ab", "abc", "bb"})
	for _, c := range []struct {
		what, path string
		edit       func(b []byte) []byte
	}{
		{"no numbers", "ab", func(b []byte) []byte { clear(b[:pathLens]); return b }},
		{"no text", "ab", func(b []byte) []byte { clear(b[BlockHead:]); return b }},
		{"text cut off", "ab", func(b []byte) []byte { return b[:BlockHead+1] }},
		{"the first shares", "xa", func(b []byte) []byte { b[0], b[16] = 1, 1; return b }},
	} {
		p, err := NewPathBlock(c.edit(bytes.Clone(good)))
		if err != nil {
			t.Fatal(err)
		}
		if same, err := p.Equal(0, c.path); same || !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v, %v", c.what, same, err)
		}
	}
	for _, b := range [][]byte{nil, good[:BlockHead-1], bytes.Repeat([]byte{longLen}, BlockHead)} {
		if _, err := NewPathBlock(b); !errors.Is(err, ErrCorrupt) {
			t.Errorf("a head of %d bytes: %v", len(b), err)
		}
	}
}
