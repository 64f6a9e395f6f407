package sidecar

import (
	"errors"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

func TestValidPath(t *testing.T) {
	long := strings.Repeat("x", 255)
	deep := strings.Repeat("x/", layout.MaxPath/2-1) + "xx"
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
		if c.reason == "" && err != nil || c.reason != "" &&
			(!errors.Is(err, ErrPath) || !strings.Contains(err.Error(), c.reason)) {
			t.Errorf("%.40q: %v, want %q", c.path, err, c.reason)
		}
	}
}

// orderedPaths are in path order.
var orderedPaths = []string{
	"\x01", "\x01/a", "a", "a/", "a/\x01", "a/!", "a/a", "a/a/a", "a/a0", "a/b", "a/\xff", "a\x01",
	"a!", "a!/a", "a-", "a.", "a.b", "a.b/c",
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
			shared := layout.CommonPrefix([]byte(a), []byte(b))
			if got := compareFrom(shared, []byte(a), []byte(b)); got != want {
				t.Errorf("compareFrom(%q, %q) is %d, want %d", a, b, got, want)
			}
		}
	}
}
