package ascii_test

import (
	"testing"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

func TestTrim(t *testing.T) {
	for in, want := range map[string]string{"": "", " ": "", "\t a b \t": "a b", "a": "a",
		"\na": "\na"} {
		if got := ascii.Trim(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
		if got := ascii.Trim([]byte(in)); string(got) != want {
			t.Errorf("bytes %q: %q", in, got)
		}
	}
}

func TestEqualFold(t *testing.T) {
	for _, test := range []struct {
		s, lower string
		want     bool
	}{
		{"gzip", "gzip", true}, {"GZip", "gzip", true}, {"gzi", "gzip", false}, {"gzip ", "gzip", false},
		{"if-range", "if-range", true}, {"IF-RANGE", "if-range", true},
		{"if\rrange", "if-range", false}, // '\r'|0x20 is '-'
		{"\xe7zip", "gzip", false}, {"", "", true},
	} {
		if ascii.EqualFold(test.s, test.lower) != test.want ||
			ascii.EqualFold([]byte(test.s), test.lower) != test.want {
			t.Errorf("%q, %q: not %t", test.s, test.lower, test.want)
		}
	}
}
