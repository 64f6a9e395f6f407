package exclude

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

func TestMatch(t *testing.T) {
	const dir = true
	for _, c := range []struct {
		glob, path string
		isDir      bool
		want       bool
	}{
		{"*.tmp", "a.tmp", false, true},
		{"*.tmp", "deep/below/a.tmp", false, true},
		{"*.tmp", "a.tmp.txt", false, false},
		{"node_modules", "web/node_modules", dir, true},
		{".git/", "x/.git", dir, true},
		{".git/", "x/.git", false, false},
		{"/cache", "cache", dir, true},
		{"/cache", "x/cache", dir, false},
		{"build/*.o", "build/a.o", false, true},
		{"build/*.o", "x/build/a.o", false, false},
		{"build/*.o", "build/x/a.o", false, false},
		{"**/build/*.o", "x/y/build/a.o", false, true},
		{"docs/**", "docs/a/b", false, true},
		{"*.{jpg,png}", "a/b.png", false, true},
		{"[a-c]*", "x/beta", false, true},
		// "./" is the top of the tree, as in GNU tar's member names.
		{"./x", "x", false, true},
		{"./x", "y/x", false, false},
		{"./x/", "x", dir, true},
		{"./x/", "x", false, false},
		{"./a/*.o", "a/b.o", false, true},
		{".//x", "x", false, true},
		{"././x", "x", false, true},
		{"/./x", "x", false, true},
		{"a//b", "a/b", false, true},
		{"a/./b", "a/b", false, true},
		{"./*", "x", false, true},
		{"./*", "y/x", false, false},
		{"./**/x", "a/b/x", false, true},
		{"\\!x", "!x", false, true},
		{"[!x]", "y", false, true},
		{"a!", "a!", false, true},
		{".x", "y/.x", false, true},
		{"..x", "..x", false, true},
	} {
		var x Patterns
		if err := x.Add(c.glob); err != nil {
			t.Fatal(err)
		}
		if got := x.Match(c.path, c.isDir); got != c.want {
			t.Errorf("%q matches %q (directory: %v): %v, want %v", c.glob, c.path, c.isDir, got, c.want)
		}
	}
	if (*Patterns)(nil).Match("a", false) {
		t.Error("nil excludes")
	}
}

func TestMatchBelow(t *testing.T) {
	for _, c := range []struct {
		glob, path string
		isDir      bool
		want       bool
	}{
		{"sub/", "sub", true, true},
		{"sub/", "sub", false, false},
		{"sub/", "a/sub/b/c", false, true},
		{"/sub/", "sub/a", false, true},
		{"/sub/", "x/sub/a", false, false},
		{"*.d", "x.d/a", false, true},
		{"a/*.o", "a/b.o", false, true},
		{"a/b", "a", true, false},
	} {
		var x Patterns
		if err := x.Add(c.glob); err != nil {
			t.Fatal(err)
		}
		if got := x.MatchBelow(c.path, c.isDir); got != c.want {
			t.Errorf("%q with %q (directory: %v): %v", c.glob, c.path, c.isDir, got)
		}
	}
	if (*Patterns)(nil).MatchBelow("a/b", false) {
		t.Error("nil excludes")
	}
}

func TestAddFrom(t *testing.T) {
	var x Patterns
	if err := x.AddFrom(strings.NewReader("# comment\n\n*.o\r\n/tmp/\n")); err != nil {
		t.Fatal(err)
	}
	if !x.Match("a.o", false) || !x.Match("tmp", true) || x.Match("# comment", false) ||
		x.Match("tmp", false) {
		t.Error("the lines were not read as globs")
	}
	err := x.AddFrom(strings.NewReader("*.o\n[\n"))
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("malformed glob: %v", err)
	}
}

// A glob that can match nothing is refused with the reason.
func TestAddRefuses(t *testing.T) {
	for glob, reason := range map[string]string{
		"!*.css": "include again", "!x/y": "include again", "!": "include again", "": "valid",
		".": "valid", "./": "valid", "/": "valid", "../x": "\"..\"", "a/../b": "\"..\"",
		"..": "\"..\"", "[": "valid",
	} {
		var x Patterns
		if err := x.Add(glob); err == nil || !strings.Contains(err.Error(), reason) ||
			!strings.Contains(err.Error(), strconv.Quote(glob)) {
			t.Errorf("%q: %v", glob, err)
		}
	}
}

// With 20,000 globs of every common form, only a few are compared with a path.
func TestManyGlobs(t *testing.T) {
	var x Patterns
	forms := []string{
		"name%d", "*.e%d", "pre%d*", "/top%d", "dir%d/", "a/b%d/*.o", "**/deep%d/**", "**/n%d",
		"d%d/**", "src/*%d.c", "[ab]%d", "{x,y}%d", "**/z%d/[a-c]*",
		"f*b%d*l", "*mid%d*", "**/f*in%d*/*",
	}
	for i := range 20000 {
		if err := x.Add(fmt.Sprintf(forms[i%len(forms)], i)); err != nil {
			t.Fatal(err)
		}
	}
	const p = "some/path/to/a/file-19999.html"
	tried := 0
	count := func(rule) bool { tried++; return true }
	x.names.candidates("file-19999.html", count)
	x.paths.candidates(p, count)
	if tried > 10 || x.Match(p, false) {
		t.Errorf("%d globs were compared", tried)
	}
	for i := range 20000 {
		form := forms[i%len(forms)]
		p := strings.NewReplacer("**", "some/thing", "*", "x", "[ab]", "a", "{x,y}", "y",
			"[a-c]", "b").Replace(form)
		p = strings.Trim(fmt.Sprintf(p, i), "/")
		if !x.Match(p, true) {
			t.Fatalf("%s does not match %s", form, p)
		}
	}
}

// Filing the rules changes no result: every glob matches what doublestar alone says.
func FuzzMatch(f *testing.F) {
	for _, c := range [][2]string{
		{"docs/**", "docs"}, {"**/x", "x"}, {"a{b/c,d}e", "ab/ce"}, {"[^a]b", "cb"}, {`\*a`, "*a"},
		{"a]b*", "a]bc"}, {"x/**/y", "x/y"}, {"a[/]b", "a/b"}, {"**", "a"}, {"{a,b}", "b"},
		{"*/**", "a"}, {"a/**/", "a"}, {"é*", "éa"}, {"?", "é"}, {"a**b/c", "ab/c"},
		{"**/xx/[a-c]*", "y/xx/b"}, {"a[]/]bb/[x]", "a/bb/x"},
		{"a*bb*c", "abbc"}, {"*/bb/*", "a/bb/c"}, {"**/bb/**", "bb"}, {"a?bb**c", "aébbxc"},
		{"*bb*", "b"},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, glob, p string) {
		if !doublestar.ValidatePattern(glob) || !utf8.ValidString(glob) {
			return // doublestar takes all bytes that are not UTF-8 for the same
		}
		var s ruleSet
		s.add(rule{glob: glob})
		if got, want := s.match(p, true), doublestar.MatchUnvalidated(glob, p); got != want {
			t.Errorf("%q with %q: %v, want %v", glob, p, got, want)
		}
	})
}
