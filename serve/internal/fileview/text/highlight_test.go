package text

import (
	"bytes"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
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
			shown, n := highlight(text, lexerFor(name, text))
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

// TestLexerFor: the lexer of a name, or of the first line.
func TestLexerFor(t *testing.T) {
	for _, x := range []struct{ name, text, want string }{
		{"a.go", "", "Go"}, {"a.py", "", "Python"}, {"Dockerfile", "", "Docker"},
		{"a.tsx", "", "TypeScript"},
		{"run", "#!/usr/bin/env python3\n", "Python"}, {"run", "#!/bin/sh\n", "Bash"},
		{"run", "#!\n", ""}, {"run", "#!/usr/bin/env\n", ""}, {"run", "#!/bin/unknown\n", ""},
		{"a.txt", "", ""}, {"README", "words", ""}, {"x", "<?xml version='1.0'?>", "XML"},
		{"x", "diff --git a/x b/x\n", "Diff"}, {"a.md", "", "Markdown"},
	} {
		got := ""
		if l := lexerFor(x.name, x.text); l != nil {
			got = l.Config().Name
		}
		if got != x.want {
			t.Errorf("%s, %q: %q, want %q", x.name, x.text, got, x.want)
		}
	}
}

// TestAllLexers: each lexer compiles, and may be used by several goroutines.
func TestAllLexers(t *testing.T) {
	text := "a <b> \"c\" 'd' 1 // e\n/* f */ {g: [h]} # i\n"
	var all sync.WaitGroup
	for _, l := range registry().Lexers {
		for range 2 {
			all.Go(func() {
				shown, _ := highlight(text, l)
				if got := plainText(t, shown); got != text {
					t.Errorf("%s: %q", l.Config().Name, got)
				}
			})
		}
	}
	all.Wait()
}

// TestHostile: a text on which lexers are slow is shown without colours at last.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for name, text := range map[string]string{
		"a.js": strings.Repeat("a=/(", 100_000), "a.py": strings.Repeat("f'{", 100_000),
		"a.md": strings.Repeat("[", 300_000), "a.html": strings.Repeat("<a ", 300_000),
		"a.rb": strings.Repeat("%w(", 100_000), "a.sh": strings.Repeat("$((", 100_000),
	} {
		begun := time.Now()
		shown, _ := highlight(text, lexerFor(name, text))
		t.Logf("%s: %v", name, time.Since(begun))
		if got := plainText(t, shown); got != text+"\n" {
			t.Errorf("%s: the text is not the same", name)
		}
	}
}

// TestLexers: the lexers are those of the version of chroma in go.mod.
func TestLexers(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}",
		"github.com/alecthomas/chroma/v2").Output()
	if err != nil {
		t.Skip("no go: ", err)
	}
	from := filepath.Join(strings.TrimSpace(string(dir)), "lexers", "embedded")
	entries, err := lexerFiles.ReadDir("lexers")
	if err != nil || len(entries) < 100 {
		t.Fatal(len(entries), err)
	}
	for _, e := range entries {
		want, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := lexerFiles.ReadFile("lexers/" + e.Name())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from chroma's: copy it again", e.Name())
		}
	}
}
