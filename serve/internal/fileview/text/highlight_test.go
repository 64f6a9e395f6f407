package text

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve/internal/code"
)

var tag = regexp.MustCompile(`<(/?)(div|span)( class="[a-z]+")?( id="L\d+" data-n="\d+")?>`)

// plainText returns the text of what highlight has written, and fails if there is any markup but
// its own.
func plainText(t *testing.T, shown string) string {
	t.Helper()
	depth := 0
	for _, m := range tag.FindAllStringSubmatch(shown, -1) {
		if m[1] == "" {
			depth++
		} else if depth--; depth < 0 {
			t.Fatal("an element ends that has not begun")
		}
	}
	if depth != 0 {
		t.Errorf("%d elements do not end", depth)
	}
	lines := strings.ReplaceAll(shown, "</div></div>", "</div>")
	lines = strings.ReplaceAll(strings.ReplaceAll(lines, "\n</div>", "</div>"), "</div>", "\n")
	lines = tag.ReplaceAllString(lines, "")
	if strings.ContainsAny(lines, "<>") {
		t.Errorf("markup: %.200s", lines)
	}
	return html.UnescapeString(lines)
}

// TestHighlight: what is shown has the same text, whatever the lexer makes of it.
func TestHighlight(t *testing.T) {
	for name, text := range map[string]string{
		"a.go":   "package a\n\n// <b>\nfunc f() string { return \"</div><script>\" }\n",
		"b.py":   "def f():\n    '''<i>\n    </i>'''\n    return 1 & 2\n",
		"c.html": "<b onclick='x'>&amp;</b>\n",
		"d.json": `{"a": [1, "</span>"]}` + "\n", "e.unknown": "<b>\n\n\n", "f.yaml": "a: b\n- <c>\n",
		"g.go": "package a // without a line feed\nvar x = `\x00`\n", "h.md": "# A <b>\n**b** `c`\n",
		"Makefile": "all:\n\techo $<\n", "i.js": "const a = `${b}`; // </script>\n",
		"j.c": strings.Repeat("int a; /* <x> */\n", 500), "k.css": "a::after { content: '<' }\n",
		"l.go": "\"unterminated\n", "m.php": "<?php echo '<b>'; ?>\n", "n.xml": "<a b='c'/>\n",
	} {
		for _, text := range []string{text, text[:len(text)-1], text + "end", strings.ReplaceAll(text,
			"\n", "\r\n")} {
			shown, n := highlight(text, code.ForFile(name, text))
			want := strings.ReplaceAll(text, "\r\n", "\n")
			if !strings.HasSuffix(want, "\n") {
				want += "\n"
			}
			if got := plainText(t, shown); got != want || n != strings.Count(want, "\n") {
				t.Errorf("%s: %d lines, %q, want %q", name, n, got, want)
			}
		}
	}
}
