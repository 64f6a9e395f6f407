package build

import (
	"bytes"
	"cmp"
	"testing"
)

// orderedPaths are in path order.
var orderedPaths = []string{
	"\x01", "\x01/a", "a", "a/", "a/\x01", "a/!", "a/a", "a/a/a", "a/a0", "a/b", "a/\xff", "a\x01",
	"a!", "a!/a", "a-", "a.", "a.b", "a.b/c",
	"a0", "aa", "aa/a", "ab", "b", "\xff", "\xff/\xff", "\xff\xff",
}

// TestSortable: the sortable forms are in path order, and can be turned back.
func TestSortable(t *testing.T) {
	for i, a := range orderedPaths {
		for j, b := range orderedPaths {
			want := cmp.Compare(i, j)
			ka, kb := make([]byte, len(a)), make([]byte, len(b))
			sortable(ka, a)
			sortable(kb, b)
			if got := bytes.Compare(ka, kb); got != want {
				t.Errorf("sortable forms of %q, %q: %d, want %d", a, b, got, want)
			}
			if got := string(appendReadable([]byte("x"), ka)); got != "x"+a {
				t.Errorf("%q becomes %q", a, got)
			}
		}
	}
}
