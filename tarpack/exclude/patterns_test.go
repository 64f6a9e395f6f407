package exclude

import (
	"strings"
	"testing"
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
