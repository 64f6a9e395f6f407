package trees

import (
	"os"
	"strings"
	"testing"
)

// TestCatalogue writes each tree and compares it with what Read finds.
func TestCatalogue(t *testing.T) {
	for _, c := range Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.Tree.Write(dir); err != nil {
				t.Fatal(err)
			}
			snap, err := Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range c.Tree {
				st, ok := snap[n.Path]
				switch {
				case !ok:
					t.Errorf("%q is missing", n.Path)
				case n.Kind == KindHardlink:
					if st.First != snap[n.Target].First {
						t.Errorf("%q is not %q", n.Path, n.Target)
					}
				case st.Kind != n.Kind, st.Target != n.Target, st.Size != n.Hole+int64(len(n.Data)),
					st.Time != n.Time, st.Nanos != n.Nanos,
					st.Mode != n.Mode:
					t.Errorf("%q: %+v, want %+v", n.Path, st, n)
				}
			}
			if d := Diff(snap, snap, Rules{Nanos: true}); len(d) > 0 {
				t.Errorf("a tree differs from itself: %s", strings.Join(d, "\n"))
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDiff changes one thing at a time, which Diff must report.
func TestDiff(t *testing.T) {
	base := Tree{
		File("a", "one"), File("b", "one"), Hardlink("c", "a"), Dir("d").At(5), Symlink("l", "a"),
		File("d/x", "yy").Perm(0o600),
	}
	with := func(i int, n Node) Tree {
		out := append(Tree(nil), base...)
		out[i] = n
		return out
	}
	for _, c := range []struct {
		name  string
		tree  Tree
		rules Rules
		want  string // "" for no difference
	}{
		{"same", base, Rules{}, ""},
		{"bytes", with(5, File("d/x", "zz").Perm(0o600)), Rules{}, "other bytes"},
		{"size", with(5, File("d/x", "zzz").Perm(0o600)), Rules{}, "has 3 bytes, want 2"},
		{"mode", with(5, File("d/x", "yy").Perm(0o604)), Rules{}, "mode 0604, want 0600"},
		{"mode masked", with(5, File("d/x", "yy").Perm(0o604)), Rules{ModeMask: 0o7}, ""},
		{"time", with(3, Dir("d").At(6)), Rules{}, "time 6.000000000, want 5.000000000"},
		{"time ignored", with(3, Dir("d").At(6)), Rules{IgnoreDirTime: true}, ""},
		{"target", with(4, Symlink("l", "b")), Rules{}, `links to "b", want "a"`},
		{"kind", with(4, File("l", "a")), Rules{}, "want symbolic link"},
		{"link broken", with(2, File("c", "one")), Rules{}, "no longer the same file"},
		{"link broken, merged", with(2, File("c", "one")), Rules{Merged: true},
			"no longer the same file"},
		{"link broken, ignored", with(2, File("c", "one")), Rules{IgnoreLinks: true}, ""},
		{"merged", with(1, Hardlink("b", "a")), Rules{}, "became one with"},
		{"merged, allowed", with(1, Hardlink("b", "a")), Rules{Merged: true}, ""},
		{"missing", base[:5], Rules{}, "is missing"},
		{"too many", append(with(0, base[0]), Dir("e")), Rules{}, "should not be there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, got := snapshot(t, base), snapshot(t, c.tree)
			d := strings.Join(Diff(want, got, c.rules), "\n")
			if c.want == "" && d != "" || !strings.Contains(d, c.want) {
				t.Errorf("got %q, want %q", d, c.want)
			}
		})
	}
}

func snapshot(t *testing.T, tree Tree) Snapshot {
	t.Helper()
	dir := t.TempDir()
	if err := tree.Write(dir); err != nil {
		t.Fatal(err)
	}
	snap, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}
