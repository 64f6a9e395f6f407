package report

import "testing"

func TestQuoteName(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"", ""},
		{"plain name.txt", "plain name.txt"},
		{`back\slash`, "back" + backslash + "slash"},
		{"new\nline\ttab\r", `new\nline\ttab\r`},
		{"\x1b[31mred\x7f", `\033[31mred\177`},
		{"häß/日本", "häß/日本"},
		{"latin \xe4", `latin \344`},
		{"replaced \uFFFD", "replaced \uFFFD"},
		{"right\u202eleft", `right\342\200\256left`}, // turns the rest of the line around
		{"\u0085", `\302\205`},
	} {
		if got := Quote(test.name); got != test.want {
			t.Errorf("Quote(%q) = %s, want %s", test.name, got, test.want)
		}
	}
}

func TestQuoteNameAllocatesNothingForPlainNames(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Quote("usr/share/doc/index.html") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
