package extract

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// readingCommands are the commands that read an archive, "A", some of which extract into a
// directory, "X".
var readingCommands = [][]string{
	{"ls", "A"}, {"ls", "-l", "A"}, {"ls", "--json", "A"}, {"cat", "A", "a"},
	{"extract", "-C", "X", "A"}, {"extract", "--hard-links", "-C", "X", "A"},
	{"verify", "A"}, {"index", "A"}, {"info", "A"}, {"info", "--json", "A"},
}

func reading(args []string, archive, x string) []string {
	out := append([]string(nil), args...)
	for i, a := range out {
		switch a {
		case "A":
			out[i] = archive
		case "X":
			out[i] = x
		}
	}
	return out
}

// refused checks that a command has failed with one line; verify may print more.
func refused(t testing.TB, r tools.Result, command string, words ...string) {
	t.Helper()
	if command != "verify" {
		fixture.Failed(t, r, words...)
		return
	}
	for _, w := range append(words, "tpk: ") {
		if r.Code != 1 || !bytes.Contains(r.Err, []byte(w)) ||
			bytes.Contains(r.Err, []byte("goroutine ")) || len(r.Out) > 0 {
			t.Errorf("want exit status 1 and %q: %v", w, r)
		}
	}
}

// TestBadInput gives every reading command files that are no archives, or not whole ones. Each
// command must exit with 1, name the file in one line and write nothing.
func TestBadInput(t *testing.T) {
	base := tools.Dir(t)
	fixture.WriteTree(t, trees.Tree{trees.Text("a", 5000), trees.Text("big", 2<<20)},
		filepath.Join(base, "tree"))
	good := filepath.Join(base, "good.tar.gz")
	fixture.Pack(t, filepath.Join(base, "tree"), good)
	p := fixture.ReadPair(t, good)
	newer := append([]byte(nil), p.Archive...)
	newer[len(newer)-64+17] = 2 // the version in T
	for _, c := range []struct {
		name  string
		make  func(name string) error
		words []string
		code  map[string]int // other codes than 1, by command
	}{
		{"missing.tar.gz", func(string) error { return nil }, []string{"no such file"}, nil},
		{"directory.tar.gz", func(name string) error { return os.Mkdir(name, 0o755) }, nil, nil},
		{"empty.tar.gz", func(name string) error { return os.WriteFile(name, nil, 0o644) }, nil, nil},
		{"newer.tar.gz", func(name string) error { return os.WriteFile(name, newer, 0o644) },
			[]string{"version 2", "newer tpk"}, nil},
		{"truncated.tar.gz", func(name string) error {
			return os.WriteFile(name,
				p.Archive[:len(p.Archive)/2], 0o644)
		}, nil, nil},
		{"half-a-trailer.tar.gz", func(name string) error {
			return os.WriteFile(name,
				p.Archive[:len(p.Archive)-10], 0o644)
		}, nil, nil},
		{"trailing.tar.gz", func(name string) error {
			return os.WriteFile(name, append(p.Archive[:len(p.Archive):len(p.Archive)], "more"...), 0o644)
		}, nil, nil},
		{"headless.tar.gz", func(name string) error { return os.WriteFile(name, p.Archive[100:], 0o644) },
			nil, nil},
		{"trailer-only.tar.gz", func(name string) error {
			return os.WriteFile(name,
				p.Archive[len(p.Archive)-64:], 0o644)
		}, nil, nil},
		{"many-entries.tar.gz", func(name string) error {
			return os.WriteFile(name,
				forge.Trailer(1<<32-2, 0, 5), 0o644)
		}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			archive := filepath.Join(base, c.name)
			if err := c.make(archive); err != nil {
				t.Fatal(err)
			}
			x := filepath.Join(base, "x")
			for _, args := range readingCommands {
				r := fixture.RunLean(t, reading(args, archive, x)...)
				refused(t, r, args[0], append(c.words, c.name)...)
				if _, err := os.Lstat(archive + ".tpi"); err == nil {
					t.Errorf("an index was written: %v", r)
				}
			}
		})
	}
}

// TestUnreadableArchive reads an archive without the permission to do so.
func TestUnreadableArchive(t *testing.T) {
	tools.Root(t)
	base := tools.Dir(t)
	fixture.WriteTree(t, trees.Tree{trees.File("a", "a")}, filepath.Join(base, "tree"))
	archive := filepath.Join(base, "secret.tar.gz")
	fixture.Pack(t, filepath.Join(base, "tree"), archive)
	if err := os.Chmod(archive, 0o600); err != nil {
		t.Fatal(err)
	}
	public := fixture.PublicTPK(t, base)
	for _, args := range readingCommands {
		r := tools.Run(t, tools.As(exec.Command(public, reading(args, archive, "/nonexistent/x")...),
			tools.Nobody))
		fixture.Failed(t, r, "secret.tar.gz", "permission denied")
	}
}

// TestSidecarOf reads archives without a sidecar, or with a wrong one. Every reading command must
// work all the same, and print a notice.
func TestSidecarOf(t *testing.T) {
	base := tools.Dir(t)
	tree := trees.Tree{trees.Text("a", 5000), trees.File("d/b", "b"), trees.Symlink("l", "a"),
		trees.Text("big", 1<<20+1)}
	want := fixture.WriteTree(t, tree, filepath.Join(base, "tree"))
	fixture.WriteTree(t, trees.Tree{trees.File("other", "o")}, filepath.Join(base, "other"))
	archive, other := filepath.Join(base, "a.tar.gz"), filepath.Join(base, "other.tar.gz")
	fixture.Pack(t, filepath.Join(base, "tree"), archive)
	fixture.Pack(t, filepath.Join(base, "other"), other)
	good, wrong := fixture.ReadPair(t, archive), fixture.ReadPair(t, other)
	newer := append([]byte(nil), good.Sidecar...)
	binary.LittleEndian.PutUint32(newer[8:], 2)
	forge.Seal(newer)
	for name, sidecar := range map[string][]byte{
		"none": nil, "another archive's": wrong.Sidecar, "empty": {}, "short": good.Sidecar[:400],
		"text": []byte("this is no index"), "newer": newer,
		"long": append(good.Sidecar[:len(good.Sidecar):len(good.Sidecar)], 0),
	} {
		t.Run(name, func(t *testing.T) {
			for _, args := range readingCommands {
				if args[0] == "index" {
					continue
				}
				os.Remove(archive + ".tpi")
				if name != "none" {
					fixture.WriteFiles(t, map[string][]byte{archive + ".tpi": sidecar})
				}
				x := filepath.Join(tools.Dir(t), "x")
				r := fixture.Run(t, reading(args, archive, x)...)
				if args[0] == "verify" {
					if name != "none" && r.Code != 1 || !bytes.Contains(r.Err, []byte("a.tar.gz")) {
						t.Errorf("verify says nothing of the sidecar: %v", r)
					}
					continue
				}
				if r.Code != 0 || !bytes.Contains(r.Err, []byte("index")) ||
					bytes.Count(r.Err, []byte("\n")) != 1 {
					t.Errorf("want one line about the index: %v", r)
				}
				if args[0] == "extract" {
					fixture.Diff(t, want, x, trees.Rules{})
				}
				if now, err := os.ReadFile(archive + ".tpi"); name == "none" && err == nil || name != "none" &&
					!bytes.Equal(now, sidecar) {
					t.Errorf("the sidecar was changed by %v (%v)", args, err)
				}
			}
			if r := fixture.Run(t, "index", archive); r.Code != 0 {
				t.Error(r)
			}
			if now := fixture.ReadPair(t, archive); !bytes.Equal(now.Sidecar, good.Sidecar) {
				t.Error("tpk index does not make the sidecar that pack made")
			}
		})
	}
}
