package sidecar

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestValidPath(t *testing.T) {
	long := strings.Repeat("x", 255)
	deep := strings.Repeat("x/", maxPath/2-1) + "xx"
	for _, c := range []struct{ path, reason string }{
		{"a", ""},
		{"a/b/c", ""},
		{"...", ""},
		{".a/..b/c.", ""},
		{"\xff\xfe\n", ""},
		{long + "/" + long, ""},
		{deep, ""},
		{"", "empty"},
		{"/", "starts with a slash"},
		{"/a", "starts with a slash"},
		{"a/", "ends with a slash"},
		{"a//b", "two slashes"},
		{".", "component ."},
		{"a/./b", "component ."},
		{"..", "component .."},
		{"a/..", "component .."},
		{"a\x00b", "NUL"},
		{"a/" + long + "x", "256 bytes"},
		{deep + "x", "16385 bytes"},
	} {
		err := ValidPath(c.path)
		if c.reason == "" && err != nil || c.reason != "" && (!errors.Is(err, ErrPath) || !strings.Contains(err.Error(), c.reason)) {
			t.Errorf("%.40q: %v, want %q", c.path, err, c.reason)
		}
	}
}

// orderedPaths are in path order.
var orderedPaths = []string{
	"\x01", "\x01/a", "a", "a/", "a/\x01", "a/!", "a/a", "a/a/a", "a/a0", "a/b", "a/\xff", "a\x01", "a!", "a!/a", "a-", "a.", "a.b", "a.b/c",
	"a0", "aa", "aa/a", "ab", "b", "\xff", "\xff/\xff", "\xff\xff",
}

func TestComparePaths(t *testing.T) {
	for i, a := range orderedPaths {
		for j, b := range orderedPaths {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := ComparePaths(a, b); got != want {
				t.Errorf("%q, %q: %d, want %d", a, b, got, want)
			}
			ka, kb := make([]byte, len(a)), make([]byte, len(b))
			sortable(ka, a)
			sortable(kb, b)
			if got := bytes.Compare(ka, kb); got != want {
				t.Errorf("sortable forms of %q, %q: %d, want %d", a, b, got, want)
			}
			shared := commonPrefix([]byte(a), []byte(b))
			if got := follows([]byte(a), []byte(b), shared); got != (want < 0) {
				t.Errorf("follows(%q, %q) is %v", a, b, got)
			}
			if got := string(appendReadable([]byte("x"), ka)); got != "x"+a {
				t.Errorf("%q becomes %q", a, got)
			}
		}
	}
}

// writeBlock makes a block of paths.
func writeBlock(paths []string) []byte {
	var m Memory
	w := pathWriter{paths: newSectionWriter(&m, 0), blocks: newSectionWriter(&Memory{}, 0)}
	before := ""
	for _, p := range paths {
		w.add(commonPrefix([]byte(before), []byte(p)), []byte(p))
		before = p
	}
	w.flush()
	w.paths.flush()
	return m.Bytes()
}

func TestPathBlock(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	bases := []string{"a", "some/path/to/", strings.Repeat("d/", 126), strings.Repeat("e/", 127), strings.Repeat("f/", 200), strings.Repeat("g/", 8000)}
	for range 100 {
		paths := make([]string, 1+r.IntN(blockPaths))
		for i := range paths {
			n := 1 + r.IntN(6)
			if r.IntN(5) == 0 {
				n = 250 + r.IntN(10)
			}
			paths[i] = bases[r.IntN(len(bases))] + strings.Repeat(string(rune('a'+r.IntN(3))), n)
		}
		slices.SortFunc(paths, ComparePaths)
		paths = slices.Compact(paths)
		checkBlock(t, paths, writeBlock(paths))
	}
}

// checkBlock reads a block in each way.
func checkBlock(t *testing.T, paths []string, b []byte) {
	t.Helper()
	for _, extra := range []string{"", "what follows"} {
		p, err := newPathBlock(append(bytes.Clone(b), extra...))
		if err != nil {
			t.Fatal(err)
		}
		if p.size() != len(b) || p.number() != 0 {
			t.Fatalf("size %d of %d, number %d", p.size(), len(b), p.number())
		}
		for k, want := range paths {
			got, err := p.appendPath([]byte("x"), k)
			if err != nil || string(got) != "x"+want {
				t.Fatalf("path %d is %q, %v; want %q", k, got, err, want)
			}
			for j, other := range paths {
				if same, err := p.equal(k, other); same != (j == k) || err != nil {
					t.Fatalf("path %d, %q, is path %d, %q: %v, %v", k, want, j, other, same, err)
				}
			}
			for at := 0; at < len(want); at += 1 + at/16 { // differs in one byte
				other := []byte(want)
				other[at] ^= 1
				if same, err := p.equal(k, string(other)); same || err != nil {
					t.Fatalf("path %q is %q: %v, %v", want, other, same, err)
				}
			}
		}
		for k := len(paths); k < blockPaths; k++ {
			if _, err := p.appendPath(nil, k); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("path %d of %d: %v", k, len(paths), err)
			}
		}
	}
	p, _ := newPathBlock(b)
	var ends [blockPaths]int
	all, err := p.appendAll([]byte("x"), len(paths), &ends)
	if err != nil || string(all) != "x"+strings.Join(paths, "") {
		t.Fatalf("all paths: %q, %v", all, err)
	}
	for k, p := range paths {
		if !strings.HasSuffix(string(all[:ends[k]]), p) {
			t.Fatalf("path %d ends at %d", k, ends[k])
		}
	}
}

// TestPathBlockForms: appendAll, which Verify relies on, takes nothing but what pathWriter writes.
func TestPathBlockForms(t *testing.T) {
	good := writeBlock([]string{"ab", "abc", "bb"})
	for _, c := range []struct {
		what string
		edit func(b []byte) []byte
	}{
		{"the first shares", func(b []byte) []byte { b[0] = 1; return b }},
		{"shares too little", func(b []byte) []byte { b[1], b[17] = 1, 2; return slices.Insert(b, blockHead+2, 'b')[:len(b)] }},
		{"shares too much", func(b []byte) []byte { b[2] = 4; return b }},
		{"empty path", func(b []byte) []byte { b[16] = 0; return b }},
		{"one too many", func(b []byte) []byte { b[19] = 1; return b }},
		{"one too few", func(b []byte) []byte { b[18] = 0; return b }},
		{"padding", func(b []byte) []byte { b[len(b)-1] = 1; return b }},
		{"too much padding", func(b []byte) []byte { return append(b, 0, 0, 0, 0) }},
		{"a cut", func(b []byte) []byte { return b[:blockHead+1] }},
		{"a long form", func(b []byte) []byte {
			b[1] = longLen
			return slices.Insert(b, blockHead, 2, 0)[:len(b)]
		}},
	} {
		p, err := newPathBlock(c.edit(bytes.Clone(good)))
		if err == nil {
			_, err = p.appendAll(nil, 3, new([blockPaths]int))
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
			if got := commonPrefix(a, b); got != min(n, m) {
				t.Fatalf("of %d and %d bytes: %d", n, m, got)
			}
		}
	}
}
