package natural_test

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve/internal/natural"
)

func TestKey(t *testing.T) {
	want := []string{"", ".hidden", "1", "2", "10", "10a", "a", "a1b2", "a1b10", "a2", "a10", "B",
		"file.txt", "file2.txt", "file10.txt", "File100.txt", "readme", "README2", "z", "é", "日本"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortStableFunc(got, func(a, b string) int {
		return strings.Compare(natural.Key(a), natural.Key(b))
	})
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, same := range [][2]string{{"a1", "A01"}, {"0", "000"}, {"É", "é"}} {
		if natural.Key(same[0]) != natural.Key(same[1]) {
			t.Errorf("%q: the keys differ", same)
		}
	}
}

// FuzzKey compares the order of keys with that of the parts of names.
func FuzzKey(f *testing.F) {
	f.Add("file2", "file10")
	f.Add("a01", "A1")
	f.Add(strings.Repeat("9", 255), strings.Repeat("9", 256))
	f.Add("1"+strings.Repeat("0", 511), strings.Repeat("9", 510))
	f.Add("x\xff1", "x\u0130")
	f.Fuzz(func(t *testing.T, a, b string) {
		got := strings.Compare(natural.Key(a), natural.Key(b))
		if want := compare(strings.ToLower(a), strings.ToLower(b)); got != want {
			t.Errorf("%q, %q: %d, want %d", a, b, got, want)
		}
	})
}

// compare compares names byte by byte, and numbers by value.
func compare(a, b string) int {
	for a != "" && b != "" {
		x, y := number(a), number(b)
		p, q := a[0], b[0]
		if x != "" {
			p = '0'
		}
		if y != "" {
			q = '0'
		}
		if p != q {
			return cmp.Compare(p, q)
		}
		if x == "" {
			a, b = a[1:], b[1:]
			continue
		}
		m, _ := new(big.Int).SetString(x, 10)
		n, _ := new(big.Int).SetString(y, 10)
		if c := m.Cmp(n); c != 0 {
			return c
		}
		a, b = a[len(x):], b[len(y):]
	}
	return cmp.Compare(min(len(a), 1), min(len(b), 1))
}

// number returns the digits that a name begins with.
func number(name string) string {
	return name[:len(name)-len(strings.TrimLeft(name, "0123456789"))]
}
