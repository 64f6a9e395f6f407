package plan

import (
	"strings"
	"testing"
)

func TestSaveName(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "a b.txt": "a b.txt", "é~$'\"": "é~$'\"", "e\x03rm -rf ~\n#": "e_rm -rf ~_#",
		"a\r\tb\x00\x1b[2J\x7f": "a__b__[2J_", "\u0080\u0085\u009f\u00a0": "___\u00a0",
		"a\u2028b\u2029": "a_b_", "\xff\x9ba": "__a", "\u200d👩": "\u200d👩",
	} {
		if got := SaveName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	const bidi = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
	if got := SaveName(bidi); got != strings.Repeat("_", 12) {
		t.Errorf("%q", got)
	}
}
