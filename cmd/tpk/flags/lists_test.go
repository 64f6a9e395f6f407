package flags

import (
	"io"
	"strings"
	"testing"
)

// TestLists: on Windows a list may be what programs there write. Elsewhere its bytes are names.
func TestLists(t *testing.T) {
	for _, test := range []struct{ name, text, windows string }{
		{"Unix", "a\nü/b\n", "a\nü/b\n"},
		{"UTF-8 with a mark", "\ufeffü\n", "ü\n"},
		{"UTF-16 of PowerShell", "\xff\xfea\x00\xfc\x00\r\x00\n\x00", "aü\r\n"},
		{"UTF-16, big-endian", "\xfe\xff\x00a\x00\n", "a\n"},
		{"Latin 1", "\xfc\n", "\xfc\n"},
	} {
		want := test.text
		if onWindows {
			want = test.windows
		}
		got, err := io.ReadAll(listReader(strings.NewReader(test.text)))
		if string(got) != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", test.name, got, err, want)
		}
	}
	for _, test := range []struct{ line, windows string }{
		{"a/b", "a/b"}, {"a\r", "a"}, {`a\b`, "a/b"}, {`.\a\b` + "\r", "./a/b"}, {"\r", ""},
	} {
		want := test.line
		if onWindows {
			want = test.windows
		}
		if got := listedPath(test.line); got != want {
			t.Errorf("%q: %q, want %q", test.line, got, want)
		}
	}
}
