package symlink_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/tarpack/symlink"
)

// tree maps paths to the targets of links, "/" for directories and "" for files. It counts lookups.
type tree struct {
	names   map[string]string
	lookups int
}

func (t *tree) Lookup(path string) (string, symlink.Kind, error) {
	t.lookups++
	if path == "" {
		return path, symlink.Dir, nil
	}
	switch target, ok := t.names[path]; {
	case !ok:
		return path, symlink.Missing, nil
	case target == "/":
		return path, symlink.Dir, nil
	case target == "":
		return path, symlink.Other, nil
	}
	return path, symlink.Link, nil
}

func (t *tree) Target(path string) (string, error) { return t.names[path], nil }

var names = map[string]string{
	"a": "/", "a/f": "", "a/b": "/", "a/b/g": "", "f": "",
	"toFile": "a/f", "toDir": "a/b", "up": "../f", "a/up": "../f", "a/b/up2": "../../f", "abs": "/f",
	"loop": "loop", "ping": "pong", "pong": "ping", "a/out": "../../x", "chain": "toDir/../up",
	"dot": ".", "gone": "nothing", "deep": "toDir/./../b/g",
}

// TestResolve compares with what the system finds in a real tree, wherever that does not leave it.
func TestResolve(t *testing.T) {
	dir := t.TempDir()
	for path, target := range names {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch target {
		case "/":
			err = os.MkdirAll(full, 0o755)
		case "":
			err = os.WriteFile(full, nil, 0o644)
		default:
			filetest.NeedSymlinks(t)
			err = os.Symlink(target, full)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for path := range names {
		for _, more := range []string{"", "/f", "/g", "/..", "/../f", "/.", "/b/../f", "/up"} {
			path := path + more
			_, end, err := symlink.Resolve(&tree{names: names}, "", path, true)
			fi, want := root.Stat(path)
			if (err == nil) != (want == nil) {
				t.Errorf("%s: %q, %v; the system: %v", path, end, err, want)
				continue
			}
			if err != nil {
				continue
			}
			if end == "" {
				end = "."
			}
			if at, err := os.Lstat(filepath.Join(dir, end)); err != nil || !os.SameFile(at, fi) {
				t.Errorf("%s: is %s, the system finds something else", path, end)
			}
		}
	}
}

func TestResolveErrors(t *testing.T) {
	for path, want := range map[string]error{
		"abs": symlink.ErrOutside, "a/out": symlink.ErrOutside, "up": symlink.ErrOutside,
		"..":   symlink.ErrOutside,
		"loop": symlink.ErrLoop, "ping/x": symlink.ErrLoop, "gone": fs.ErrNotExist,
		"a/f/x": fs.ErrNotExist,
	} {
		if _, _, err := symlink.Resolve(&tree{names: names}, "", path, true); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	if n, end, err := symlink.Resolve(&tree{names: names}, "", "a/up", false); err != nil ||
		n != "a/up" || end != "a/up" {
		t.Errorf("a link that is not followed: %q %q %v", n, end, err)
	}
	if _, _, err := symlink.Resolve(&tree{names: names}, "a", "a/up", true); !errors.Is(err,
		symlink.ErrOutside) {
		t.Errorf("out of a root of its own: %v", err)
	}
	if _, end, err := symlink.Resolve(&tree{names: names}, "a", "a/b/g", true); err != nil ||
		end != "a/b/g" {
		t.Errorf("%q, %v", end, err)
	}
}

// TestMaxLinks: forty links are followed, as by Linux, and one more is not. No path costs more than
// MaxNames lookups.
func TestMaxLinks(t *testing.T) {
	chain := &tree{names: map[string]string{"0": ""}}
	for i := range symlink.MaxLinks + 1 {
		chain.names[fmt.Sprint(i+1)] = fmt.Sprint(i)
	}
	if _, end, err := symlink.Resolve(chain, "", "40", true); err != nil || end != "0" {
		t.Error(end, err)
	}
	if _, _, err := symlink.Resolve(chain, "", "41", true); !errors.Is(err, symlink.ErrLoop) {
		t.Error(err)
	}
	long := &tree{names: map[string]string{"d": "/", "x": strings.Repeat("d/../", 1000) + "x"}}
	if _, _, err := symlink.Resolve(long, "", "x", true); !errors.Is(err, symlink.ErrLoop) ||
		long.lookups > symlink.MaxNames {
		t.Error(err, long.lookups)
	}
}
