package paths

import "testing"

func TestBelow(t *testing.T) {
	for _, x := range []struct {
		dir, path, rest string
		ok              bool
	}{
		{"", "", "", true}, {"", "a/b", "a/b", true}, {"a", "a", "", true}, {"a", "a/b", "b", true},
		{"a/b", "a/b/c/d", "c/d", true}, {"a", "", "", false}, {"a", "ab", "", false},
		{"a", "b/a", "", false}, {"a/b", "a", "", false},
	} {
		if rest, ok := Below(x.dir, x.path); ok != x.ok || ok && rest != x.rest {
			t.Errorf("%q, %q: %q, %v", x.dir, x.path, rest, ok)
		}
		if x.ok && x.rest != "" && Join(x.dir, x.rest) != x.path {
			t.Errorf("%q, %q: %q", x.dir, x.rest, Join(x.dir, x.rest))
		}
	}
}

func TestMount(t *testing.T) {
	hidden := func(path string) bool { return path == "secret/" }
	for mount, want := range map[string]string{"": "", "/": "", "a": "a", "/a/b/": "a/b",
		"/50%": "50%", "/ä": "ä"} {
		if got, err := Mount(mount, hidden); got != want || err != nil {
			t.Errorf("%q: %q, %v", mount, got, err)
		}
	}
	for _, mount := range []string{"//", "a//b", "a/../b", "./a", "a%20b", "a\x00", "/secret"} {
		if got, err := Mount(mount, hidden); err == nil {
			t.Errorf("%q: %q", mount, got)
		}
	}
}

// TestHides: only folders are hidden by a path with a slash at its end, and the root never is.
func TestHides(t *testing.T) {
	hidden := WithPacks(func(path string) bool { return path == "file" || path == "dir/" })
	for _, x := range []struct {
		path        string
		isDir, want bool
	}{
		{"file", false, true}, {"dir", true, true}, {"dir", false, false}, {"", true, false},
		{"a/" + PackName, false, true}, {"a/." + PackName + ".1", false, true},
		{"a/" + PackName + ".tpi", false, true}, {PackName + ".txt", false, false},
	} {
		if got := Hides(hidden, x.path, func() bool { return x.isDir }); got != x.want {
			t.Errorf("%+v", x)
		}
	}
}
