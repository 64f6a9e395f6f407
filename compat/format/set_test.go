package format

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
)

func forgedFile(path, content string) forge.Item {
	return forge.Item{Path: path, Type: forge.File, Mode: 0o644, Content: []byte(content)}
}

func forgedDir(path string) forge.Item {
	return forge.Item{Path: path, Type: forge.Dir, Mode: 0o755}
}

// writeSet writes the shards of a set and their sidecars, without a list. It returns the name of
// the list and those of the shards.
func writeSet(t *testing.T, archives, sidecars [][]byte) (list string, shards []string) {
	dir := tools.Dir(t)
	files := map[string][]byte{}
	for i, a := range archives {
		name := filepath.Join(dir, fmt.Sprintf("x-%05d-of-%05d.tar.gz", i, len(archives)))
		files[name], files[name+".tpi"] = a, sidecars[i]
		shards = append(shards, name)
	}
	fixture.WriteFiles(t, files)
	return filepath.Join(dir, fmt.Sprintf("x-of-%05d.tar.gz.tps", len(archives))), shards
}

// TestForgedSet: a directory may be in any of the shards, and a shard may be empty. The set's
// sidecar is the one that FORMAT.md prescribes, with the totals of the set.
func TestForgedSet(t *testing.T) {
	d := forgedDir("d")
	late := d
	late.Mode, late.Time = 0o700, 5
	link := forge.Item{
		Path: "d/e/l", Type: forge.Hardlink, Mode: 0o644, Link: "d/e/b", Duplicate: true,
	}
	shards := [][]forge.Item{
		{d, forgedFile("d/a", "a")},
		nil,
		{forgedDir("z"), forgedFile("z/z", "zzz")},
		{late, forgedDir("d/e"), forgedFile("d/e/b", "bb"), link},
		{d, forgedDir("d/e"), forgedFile("d/e/a", "aaaa")},
		nil,
	}
	t.Run("", func(t *testing.T) { testForgedSet(t, forge.BuildSet, shards) })
	t.Run("with sums", func(t *testing.T) { testForgedSet(t, forge.BuildSetWithSums, shards) })
}

func testForgedSet(
	t *testing.T, build func(...[]forge.Item) (archives, sidecars [][]byte, set []byte),
	items [][]forge.Item,
) {
	archives, sidecars, set := build(items...)
	list, shards := writeSet(t, archives, sidecars)
	for _, args := range [][]string{{"index", list}, {"verify", list}, {"verify", shards[0]}} {
		if r := fixture.Run(t, args...); r.Code != 0 {
			t.Fatal(r)
		}
	}
	got, err := os.ReadFile(list + ".tpi")
	if err != nil || !bytes.Equal(got, set) {
		t.Errorf("tpk makes another sidecar, of %d bytes instead of %d, first at byte %d (%v)",
			len(got), len(set), firstDifference(got, set), err)
	}
	x := filepath.Join(tools.Dir(t), "x")
	if r := fixture.Run(t, "extract", "-C", x, list); r.Code != 0 {
		t.Fatal(r)
	}
	for name, want := range map[string]string{
		"d/a": "a", "z/z": "zzz", "d/e/b": "bb", "d/e/l": "bb", "d/e/a": "aaaa",
	} {
		if b, err := os.ReadFile(filepath.Join(x, name)); string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if fi, err := os.Stat(filepath.Join(x, "d")); err != nil || fi.Mode().Perm() != 0o755 {
		t.Errorf("d: %v, %v: not that of the first shard", fi, err)
	}
	// A shard that is not the first is an archive of its own.
	if r := fixture.Run(t, "verify", shards[3]); r.Code != 0 {
		t.Error(r)
	}
}

// TestSetConflict: a path that is in two shards, and not a directory in both, is named with both
// shards. Neither index nor verify finds the set right, with or without a list.
func TestSetConflict(t *testing.T) {
	file, dir := forgedFile("d/x", "1"), forgedDir("d/x")
	link := func(to string) forge.Item {
		return forge.Item{Path: "d/x", Type: forge.Symlink, Link: to, Mode: 0o777}
	}
	for name, c := range map[string]struct{ first, second forge.Item }{
		"two files":                {file, forgedFile("d/x", "2")},
		"the same file twice":      {file, file},
		"a file and a directory":   {file, dir},
		"a directory and a file":   {dir, file},
		"a link and a directory":   {link("y"), dir},
		"two links to other files": {link("y"), link("z")},
	} {
		t.Run(name, func(t *testing.T) {
			archives, sidecars, set := forge.BuildSet(
				[]forge.Item{forgedFile("a", "a")}, []forge.Item{forgedDir("d"), c.first}, nil,
				[]forge.Item{forgedDir("d"), c.second})
			list, shards := writeSet(t, archives, sidecars)
			words := []string{"d/x", shards[1], shards[3], "not of one set"}
			fixture.Failed(t, fixture.Run(t, "index", list), words...)
			if _, err := os.Stat(list); err == nil {
				t.Error("index has written a list")
			}
			check := func(what string) {
				t.Helper()
				r := fixture.Run(t, "verify", list)
				if r.Code != 1 {
					t.Errorf("%s: %v", what, r)
				}
				for _, w := range words {
					if !bytes.Contains(append(r.Out, r.Err...), []byte(w)) {
						t.Errorf("%s: want %q: %v", what, w, r)
					}
				}
			}
			check("without a list")
			// A list and a sidecar that were made to fit.
			fixture.WriteFiles(t, map[string][]byte{list + ".tpi": set, list: forge.List(archives, set)})
			check("with a list")
		})
	}
}

// TestShardByItsBit: an archive that was not written as a shard is no set, whatever its name.
func TestShardByItsBit(t *testing.T) {
	a, s := forge.Build(forgedFile("a", "a"))
	list, shards := writeSet(t, [][]byte{a, a}, [][]byte{s, s})
	for _, name := range shards {
		for _, command := range []string{"ls", "verify", "index"} {
			if r := fixture.Run(t, command, name); r.Code != 0 {
				t.Error(r)
			}
		}
	}
	if _, err := os.Stat(list); err == nil {
		t.Error("a list was written")
	}
}

// TestEmbeddedShards: a shard of another program may have its index in itself, as any archive.
func TestEmbeddedShards(t *testing.T) {
	archives, _, _ := forge.BuildSetWithSums([]forge.Item{forgedDir("d"), forgedFile("d/a", "aaaa")},
		[]forge.Item{forgedDir("d"), forgedFile("d/b", "bb")})
	dir := tools.Dir(t)
	var shards []string
	for i, a := range archives {
		side, err := forge.Index(a)
		if err != nil {
			t.Fatal(err)
		}
		with, _ := forge.Embed(a, side)
		name := filepath.Join(dir, fmt.Sprintf("x-%05d-of-00002.tar.gz", i))
		shards = append(shards, name)
		fixture.WriteFiles(t, map[string][]byte{name: with})
	}
	list := filepath.Join(dir, "x-of-00002.tar.gz.tps")
	for _, args := range [][]string{{"index", list}, {"verify", list}, {"verify", shards[1]},
		{"extract", "-C", filepath.Join(dir, "out"), shards[0]},
		{"update", list, filepath.Join(dir, "out")},
		{"add", list, shards[0]}, {"verify", list}, {"compact", list}, {"verify", list},
		{"merge", filepath.Join(dir, "m.tar.gz"), list}, {"verify", filepath.Join(dir, "m.tar.gz")},
	} {
		if r := fixture.Run(t, args...); r.Code != 0 || len(r.Err) > 0 && args[0] == "verify" {
			t.Fatal(r)
		}
	}
	for name, want := range map[string]string{"d/a": "aaaa", "d/b": "bb"} {
		if got := readFile(t, filepath.Join(dir, "out", name)); string(got) != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
