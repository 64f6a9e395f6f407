//go:build !minimal

package code

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestForFile: the lexer of a name, or of the first line.
func TestForFile(t *testing.T) {
	for _, x := range []struct{ name, text, want string }{
		{"a.go", "", "Go"}, {"a.py", "", "Python"}, {"Dockerfile", "", "Docker"},
		{"a.tsx", "", "TypeScript"},
		{"run", "#!/usr/bin/env python3\n", "Python"}, {"run", "#!/bin/sh\n", "Bash"},
		{"run", "#!\n", ""}, {"run", "#!/usr/bin/env\n", ""}, {"run", "#!/bin/unknown\n", ""},
		{"a.txt", "", ""}, {"README", "words", ""}, {"x", "<?xml version='1.0'?>", "XML"},
		{"x", "diff --git a/x b/x\n", "Diff"}, {"a.md", "", "Markdown"},
	} {
		got := ""
		if l := ForFile(x.name, x.text); l != nil {
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
				if shown := NewWork().HTML(text, l.Config().Name); plain(t, shown) != text {
					t.Errorf("%s: %q", l.Config().Name, shown)
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
		shown := NewWork().HTML(text, ForFile(name, text).Config().Name)
		t.Logf("%s: %v", name, time.Since(begun))
		if plain(t, shown) != text {
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

// TestForLanguage: languages have the names that they have in documents and notebooks.
func TestForLanguage(t *testing.T) {
	for name, want := range map[string]string{"go": "Go", "golang": "Go", "Python": "Python",
		"py": "Python", "ipython3": "Python", "R": "R", "c++": "C++", "C#": "C#", "sh": "Bash",
		"js": "JavaScript", "jsonc": "JSON", "yml": "YAML", "": "", "text": "plaintext", "klingon": ""} {
		got := ""
		if l := ForLanguage(name); l != nil {
			got = l.Config().Name
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
