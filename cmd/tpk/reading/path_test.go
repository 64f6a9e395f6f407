package reading

import (
	"path/filepath"
	"testing"
)

func TestEntryPath(t *testing.T) {
	for _, test := range []struct{ word, want string }{
		{"", ""}, {".", ""}, {"/", ""}, {"./", ""}, {"././/.", ""},
		{"a", "a"}, {"a/", "a"}, {"/a", "a"}, {"./a", "a"}, {".//./a/", "a"},
		{filepath.Join("a", "b"), "a/b"}, // a\b on Windows
		{"a/b", "a/b"}, {"./a/./b", "a/./b"}, {"..", ".."}, {".a", ".a"},
	} {
		if got := EntryPath(test.word); got != test.want {
			t.Errorf("EntryPath(%q) = %q, want %q", test.word, got, test.want)
		}
	}
}
