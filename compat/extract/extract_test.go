package extract

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// TestExtractPaths extracts parts of a tree: the given paths, everything below them, the
// directories above them, and nothing else. A hard link must come out whole even if its target is
// not extracted.
func TestExtractPaths(t *testing.T) {
	base := tools.Dir(t)
	archive := filepath.Join(base, "a.tar.gz")
	tree := trees.Tree{
		trees.File("a", "same").At(1_000_000_000), trees.File("d/copy", "same").At(1_100_000_000),
		trees.Hardlink("d/hard", "a"),
		trees.Dir("d").Perm(0o555).At(1_200_000_000), trees.File("d/e/f", "f"),
		trees.Dir("d/e").At(1_300_000_000), trees.Symlink("l", "d"), trees.File("dx", "not below d"),
	}
	slices.SortStableFunc(tree,
		func(a, b trees.Node) int { return strings.Count(a.Path, "/") - strings.Count(b.Path, "/") })
	all := fixture.WriteTree(t, tree, filepath.Join(base, "tree"))
	fixture.Pack(t, filepath.Join(base, "tree"), archive)
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{[]string{"a"}, "a"},
		{[]string{"d"}, "d d/copy d/e d/e/f d/hard"},
		{[]string{"d/"}, "d d/copy d/e d/e/f d/hard"},
		{[]string{"d/copy"}, "d d/copy"},
		{[]string{"d/hard", "d/copy"}, "d d/copy d/hard"},
		{[]string{"d/e/f", "l"}, "d d/e d/e/f l"},
		{[]string{"d", "d/e", "a", "a"}, "a d d/copy d/e d/e/f d/hard"},
	} {
		for _, flag := range []string{"--hard-links", "--hard-links=false"} {
			x := filepath.Join(tools.Dir(t), "x")
			if r := fixture.Run(t, append([]string{"extract", flag, "-C", x, archive},
				c.paths...)...); r.Code != 0 || len(r.Err) > 0 {
				t.Error(r)
			}
			if got := strings.Join(fixture.ReadTree(t, x).Paths(), " "); got != c.want {
				t.Errorf("%v: got %s, want %s", c.paths, got, c.want)
			}
			// The directories above a given path are made, but their mode and time are not
			// restored.
			want := all.Without(func(p string,
				_ trees.State) bool {
				return !slices.Contains(strings.Fields(c.want), p)
			})
			for p, st := range want {
				if asked := slices.ContainsFunc(c.paths,
					func(a string) bool {
						return strings.HasPrefix(p+"/",
							strings.TrimSuffix(a, "/")+"/")
					}); !asked {
					made := fixture.ReadTree(t, x)[p]
					st.Mode, st.Time = made.Mode, made.Time
					want[p] = st
				}
			}
			fixture.Diff(t, want, x, trees.Rules{IgnoreLinks: true, Merged: flag == "--hard-links"})
		}
	}
	x := filepath.Join(base, "x")
	r := fixture.Run(t, "extract", "-C", x, archive, "a", "no/such", "d/e")
	if r.Code != 1 || !strings.Contains(string(r.Err), "no/such") {
		t.Error(r)
	}
}

// TestExtractAgain extracts over an earlier result, which must be replaced.
func TestExtractAgain(t *testing.T) {
	f := fixture.Packed(t, trees.Named{Name: "duplicates", Tree: trees.Duplicates()})
	base := tools.Dir(t)
	x := filepath.Join(base, "x")
	for range 2 {
		tools.Must(t, exec.Command(tools.TPK(t), "extract", "-C", x, f.Archive))
		fixture.Diff(t, f.Snap, x, trees.Rules{IgnoreLinks: true})
		if err := os.WriteFile(filepath.Join(x, "short"), []byte("something longer than it was"),
			0o600); err != nil {
			t.Fatal(err)
		}
	}
	tools.Must(t, exec.Command(tools.TPK(t), "extract", "--hard-links", "-C", x, f.Archive))
	fixture.Diff(t, f.Snap, x, trees.Rules{Merged: true})
	// Replacing a file must not change its other names outside of the archive.
	if err := os.Link(filepath.Join(x, "text"), filepath.Join(base, "mine")); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(base, "mine"))
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(base, "other.tar.gz")
	a, side := forge.Build(file("text", "other text"))
	fixture.WriteFiles(t, map[string][]byte{other: a, other + ".tpi": side})
	tools.Must(t, exec.Command(tools.TPK(t), "extract", "-C", x, other))
	if after, err := os.ReadFile(filepath.Join(base, "mine")); err != nil ||
		string(after) != string(before) {
		t.Errorf("another name of a replaced file has changed (%v)", err)
	}
}

// TestPackedArchives packs archives. Their members lie unchanged in the new archive and must not be
// taken for its own, even by several readers that start in the middle.
func TestPackedArchives(t *testing.T) {
	base := tools.Dir(t)
	dir := filepath.Join(base, "tree")
	big := fixture.Packed(t, trees.Named{Name: "big", Tree: trees.Big()})
	small := fixture.Packed(t, trees.Named{Name: "crowd", Tree: trees.Crowd(10_000)})
	if err := os.MkdirAll(filepath.Join(dir, "z"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{big.Archive, small.Archive, small.Archive + ".tpi", big.Archive} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fixture.WriteFiles(t, map[string][]byte{filepath.Join(dir, string(rune('a'+i))): b,
			filepath.Join(dir, "z", string(rune('a'+i))): append(b, byte(i))})
	}
	want := fixture.ReadTree(t, dir)
	archive := filepath.Join(base, "a.tar.gz")
	fixture.Pack(t, dir, archive)
	p := fixture.ReadPair(t, archive)
	for _, procs := range []string{"1", "8"} {
		if err := os.Remove(archive + ".tpi"); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(tools.TPK(t), "index", archive)
		cmd.Env = append(os.Environ(), "GOMAXPROCS="+procs)
		tools.Must(t, cmd)
		if string(fixture.ReadPair(t, archive).Sidecar) != string(p.Sidecar) {
			t.Errorf("with %s processors the index is another one", procs)
		}
	}
	x := filepath.Join(base, "x")
	tools.Must(t, exec.Command(tools.TPK(t), "extract", "-C", x, archive))
	fixture.Diff(t, want, x, trees.Rules{IgnoreLinks: true})
}
