package help

import (
	"strings"
	"testing"
)

func TestProse(t *testing.T) {
	long := strings.Repeat("word ", 15) + "ab" // 77 columns
	wide := strings.Repeat("x", 90)
	for _, test := range []struct{ name, text, want string }{
		{"one line", "a b", "   a b\n"},
		{"lines are joined", "a\nb", "   a b\n"},
		{"paragraphs", "a\n\nb", "   a\n\n   b\n"},
		{"exactly full", long, "   " + long + "\n"},
		{"one too many", long + "c", "   " + strings.TrimSuffix(long, " ab") + "\n   abc\n"},
		{"a long word", wide + " y", "   " + wide + "\n   y\n"},
		{"indented lines stay", "a\nb:\n  c   d\n  e\nf", "   a b:\n     c   d\n     e\n   f\n"},
		{"no break", "x (default:" + noBreak + "5)", "   x (default: 5)\n"},
	} {
		if got := prose(test.text); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

func TestUsage(t *testing.T) {
	got := usage("tpk x [flags] A\ntpk x --list A\n\ntpk y")
	if want := "   tpk x [flags] A\n   tpk x --list A\n   tpk y\n"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestTable(t *testing.T) {
	got := table([]Row{
		{"-x", "short"},
		{"--name NAME", strings.Repeat("word ", 15)},
		{"--a-name-that-is-too-long NAME", "below it"},
		{"--none", ""},
	})
	want := `   -x           short
   --name NAME  word word word word word word word word word word word word word
                word word
   --a-name-that-is-too-long NAME
                below it
   --none       ` + `
`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
