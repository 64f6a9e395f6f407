package format

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
)

// groupOf returns the member G of n hard links, with those in duplicates marked as copies.
func groupOf(t *testing.T, n int, duplicates ...int) (member []byte, paths []string) {
	t.Helper()
	var blocks []byte
	for i := range n {
		h := Header{Path: string(rune('a' + i)), Type: sidecar.TypeHardlink, Link: "target", Mode: 0o644}
		var err error
		if blocks, err = AppendHeader(blocks, &h); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, h.Path)
	}
	extra := DuplicateBits(n, func(i int) bool {
		for _, d := range duplicates {
			if d == i {
				return true
			}
		}
		return false
	})
	e, err := gzmember.NewEncoder(6)
	if err != nil {
		t.Fatal(err)
	}
	return e.AppendMember(nil, blocks, extra), paths
}

// What DuplicateBits writes is what Headers reads, at every place in a byte.
func TestReadGroup(t *testing.T) {
	for n := 1; n <= 20; n++ {
		member, paths := groupOf(t, n, 0, n-1, 8)
		before := []byte("before")
		g, err := ReadGroup(bytes.NewReader(append(before, member...)), int64(len(before)), len(member))
		if err != nil {
			t.Fatal(err)
		}
		i, size := 0, 0
		for h, err := range g.Headers() {
			if err != nil || h.Path != paths[i] || h.Duplicate != (i == 0 || i == n-1 || i == 8) {
				t.Errorf("%d headers, header %d: %+v, %v", n, i, h, err)
			}
			size += len(h.Blocks)
			i++
		}
		if i != n || size != len(g.Blocks) {
			t.Errorf("%d headers of %d, %d bytes of %d", i, n, size, len(g.Blocks))
		}
	}
	if b := DuplicateBits(9, func(int) bool { return false }); b != nil {
		t.Errorf("%x for no duplicates", b)
	}
}

// Damage is ErrCorrupt, and the end of the file io.EOF.
func TestReadGroupDamaged(t *testing.T) {
	member, _ := groupOf(t, 3, 1)
	long, err := gzmember.NewEncoder(6)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(member)
	flipped[len(flipped)-5] ^= 1 // in the CRC
	for _, c := range []struct {
		name   string
		b      []byte
		length int
		want   error
	}{
		{"longer than its member", append(bytes.Clone(member), 0), len(member) + 1, ErrCorrupt},
		{"shorter than its member", member, len(member) - 1, ErrCorrupt},
		{"empty", member, 0, ErrCorrupt},
		{"damaged", flipped, len(flipped), ErrCorrupt},
		{"not gzip", make([]byte, 100), 100, ErrCorrupt},
		{"past the end", member, len(member) + 1, io.EOF},
	} {
		if _, err := ReadGroup(bytes.NewReader(c.b), 0, c.length); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	bomb := long.AppendMember(nil, make([]byte, MaxHeader+1), nil)
	if _, err := ReadGroup(bytes.NewReader(bomb), 0, len(bomb)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("more than MaxHeader: %v", err)
	}
	// A header that is not canonical ends the sequence.
	g, err := ReadGroup(bytes.NewReader(member), 0, len(member))
	if err != nil {
		t.Fatal(err)
	}
	g.Blocks[BlockSize] = 'x' // the name of the second
	n := 0
	for _, err := range g.Headers() {
		if n++; (err != nil) != (n == 2) || err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("header %d: %v", n, err)
		}
	}
	if n != 2 {
		t.Errorf("%d headers", n)
	}
}
