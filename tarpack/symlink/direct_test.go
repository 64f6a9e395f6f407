package symlink_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/symlink"
)

// LinkAbove implements symlink.Direct.
func (t *tree) LinkAbove(path string) (string, error) {
	for path != "" {
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
		t.lookups++
		if target, ok := t.names[path]; ok {
			if target != "/" && target != "" {
				return path, nil
			}
			break
		}
	}
	return "", nil
}

// sameResult compares ResolveDirect with Resolve, which walks.
func sameResult(t *testing.T, names map[string]string, root, path string, follow bool) {
	t.Helper()
	walked, direct := &tree{names: names}, &tree{names: names}
	n, end, err := symlink.Resolve(walked, root, path, follow)
	dn, dend, derr := symlink.ResolveDirect(direct, root, path, follow)
	if dn != n || dend != end || !sameError(derr, err) {
		t.Errorf("%q in %q, follow %v: %q %q %v, the walk: %q %q %v\n%q",
			path, root, follow, dn, dend, derr, n, end, err, names)
	}
	if direct.lookups > 3*symlink.MaxNames {
		t.Errorf("%q: %d lookups", path, direct.lookups)
	}
}

func sameError(a, b error) bool {
	for _, err := range []error{symlink.ErrLoop, symlink.ErrOutside, fs.ErrNotExist} {
		if errors.Is(a, err) != errors.Is(b, err) {
			return false
		}
	}
	return (a == nil) == (b == nil)
}

// randomTree makes a tree of few names, most of them links. All that is below something is below
// directories.
func randomTree(r *rand.Rand) map[string]string {
	names := map[string]string{}
	dirs := []string{""}
	for range 3 + r.IntN(15) {
		path := dirs[r.IntN(len(dirs))]
		if path != "" {
			path += "/"
		}
		path += string(rune('a' + r.IntN(4)))
		if _, ok := names[path]; ok {
			continue
		}
		switch r.IntN(5) {
		case 0, 1:
			names[path] = "/"
			dirs = append(dirs, path)
		case 2:
			names[path] = ""
		default:
			names[path] = randomPath(r, true)
		}
	}
	return names
}

// randomPath makes a path or the target of a link. Both may have names that are not there, "..",
// and slashes where none need be.
func randomPath(r *rand.Rand, target bool) string {
	parts := []string{"a", "b", "c", "d", "a", "b", "c", "..", ".", "", "gone"}
	if target {
		parts = append(parts, "..", "..")
	}
	var path []string
	for range 1 + r.IntN(5) {
		path = append(path, parts[r.IntN(len(parts))])
	}
	p := strings.Join(path, "/")
	if target && (p == "" || p == "/") { // what the tree has for a file and a directory
		return "a"
	}
	if !target {
		p = strings.TrimPrefix(p, "/")
	}
	return p
}

func TestDirectAsWalked(t *testing.T) {
	for path := range names {
		for _, more := range []string{"", "/", "/f", "/g", "/..", "/../f", "/.", "/b/../f", "/up",
			"//f"} {
			for _, follow := range []bool{false, true} {
				sameResult(t, names, "", path+more, follow)
			}
		}
	}
	compareRandomly(t, 1, 20_000)
}

// compareRandomly compares both in n random trees.
func compareRandomly(t *testing.T, seed uint64, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	for range n {
		names := randomTree(r)
		for range 5 {
			path := randomPath(r, false)
			sameResult(t, names, "", path, r.IntN(2) == 0)
			if names["a"] == "/" {
				sameResult(t, names, "a", "a/"+path, r.IntN(2) == 0)
			}
		}
		if t.Failed() {
			return
		}
	}
}

func FuzzDirect(f *testing.F) {
	f.Add(uint64(3))
	f.Fuzz(func(t *testing.T, seed uint64) { compareRandomly(t, seed, 1) })
}

// TestDirectLimits: as many links and names are followed as by the walk, and a long path does not
// cost more with each link.
func TestDirectLimits(t *testing.T) {
	chain := map[string]string{"0": "/", "0/f": ""}
	for i := range symlink.MaxLinks + 1 {
		chain[fmt.Sprint(i+1)] = fmt.Sprint(i)
	}
	long := map[string]string{"d": "/", "x": strings.Repeat("d/../", 1000) + "x"}
	deep, path := map[string]string{}, ""
	for range symlink.MaxNames - 10 {
		path = strings.TrimPrefix(path+"/a", "/")
		deep[path] = "/"
	}
	deep["l"], deep[path+"/l"] = path, "../b"
	for _, c := range []struct {
		names map[string]string
		paths []string
	}{
		{chain, []string{"40", "41", "40/f", "41/f", "40" + strings.Repeat("/x", 2040),
			"39" + strings.Repeat("/x", 2045), "1" + strings.Repeat("/x", 3000)}},
		{long, []string{"x", "x/x"}},
		{deep, []string{path, path + "/l", path + "/a/a/a", "l/l", "l/l/l/l",
			"l" + strings.Repeat("/a", 20), path + strings.Repeat("/a", 9),
			path + strings.Repeat("/a", 10), path + strings.Repeat("/a", 11),
			strings.Repeat("./", 2000) + path[:48*2-1], strings.Repeat("./", 2000) + path[:49*2-1]}},
	} {
		for _, path := range c.paths {
			sameResult(t, c.names, "", path, true)
			sameResult(t, c.names, "", path+"/", false)
		}
	}
}

// TestDirectLookups: the target of a link is looked up at once.
func TestDirectLookups(t *testing.T) {
	names := map[string]string{"a": "/", "a/b": "/", "a/b/c": "/", "a/b/c/l": "../../d/e/f",
		"a/d": "/", "a/d/e": "/", "a/d/e/f": "", "dir": "a/d"}
	for path, want := range map[string]int{
		"a/b/c/l": 2, "a/d/e/f": 1,
		"dir/e/f":  5, // itself, its two parents, the link again, and what it leads to
		"a/d/gone": 2,
	} {
		c := &tree{names: names}
		_, end, err := symlink.ResolveDirect(c, "", path, true)
		if path != "a/d/gone" && (end != "a/d/e/f" || err != nil) || c.lookups != want {
			t.Errorf("%s: %q, %v, %d lookups, want %d", path, end, err, c.lookups, want)
		}
	}
}
