package format

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// refusing returns the commands that read an archive, those that do more than read it through its
// index, and a tree for those that need one.
func refusing(t *testing.T, archive string) (reading, others [][]string) {
	tree := filepath.Join(tools.Dir(t), "tree")
	fixture.WriteTree(t, trees.Tree{trees.File("new", "new\n")}, tree)
	x := filepath.Join(tools.Dir(t), "x")
	return [][]string{
			{"ls", archive}, {"cat", archive, "z"}, {"extract", "-C", x, archive},
		}, [][]string{
			{"verify", archive}, {"index", archive}, {"add", archive, tree},
			{"add", "--append", archive, tree}, {"update", archive, tree}, {"rm", archive, "z"},
			{"compact", archive}, {"compact", "--sha256", archive}, {"repair", archive},
			{"index", "--embed", archive}, {"index", "--no-embed", archive},
			{"split", "--shards", "2", archive}, {"merge", x + ".tar.gz", archive},
		}
}

// TestDraft: archives of a draft of the format are refused by a message of their own, and not
// changed. tpk convert makes archives of them, with the same members, also with all options.
func TestDraft(t *testing.T) {
	for _, g := range goldens {
		base := filepath.Join(tools.Repo(t), "testdata", "draft", g.name+".tar.gz")
		if _, err := os.Stat(base); err != nil {
			continue // only some are kept
		}
		t.Run(g.name, func(t *testing.T) {
			archive := filepath.Join(tools.Dir(t), "draft.tar.gz")
			draft := fixture.ReadPair(t, base)
			fixture.WriteFiles(t, map[string][]byte{archive: draft.Archive, archive + ".tpi": draft.Sidecar})
			reading, others := refusing(t, archive)
			for _, args := range append(reading, others...) {
				fixture.Failed(t, fixture.Run(t, args...), "draft of the format", "tpk convert")
			}
			for _, flags := range [][]string{nil, {"--dry-run"}} {
				args := append(append([]string{"repair"}, flags...), archive, archive+".out.tar.gz")
				fixture.Failed(t, fixture.Run(t, args...), archive+": the archive is of a draft of the format")
			}
			if now := fixture.ReadPair(t, archive); !bytes.Equal(now.Archive, draft.Archive) ||
				!bytes.Equal(now.Sidecar, draft.Sidecar) {
				t.Error("it has changed")
			}
			out := filepath.Join(tools.Dir(t), "out.tar.gz")
			for _, args := range [][]string{
				{"convert", "--sha256", archive, out}, {"index", "--embed", out}, {"verify", out},
				{"extract", "-C", out + ".x", out},
			} {
				if r := fixture.Run(t, args...); r.Code != 0 {
					t.Fatal(r)
				}
			}
			want := fixture.WriteTree(t, append(g.tree, g.appended...), filepath.Join(tools.Dir(t), "tree"))
			fixture.Diff(t, want, out+".x", trees.Rules{IgnoreLinks: true, Merged: true})
			b := readFile(t, out)
			if !bytes.Contains(b, largestMember(t, draft.Archive)) {
				t.Error("a member was compressed again")
			}
			if side, err := forge.EmbeddedIndex(b); err != nil || side[14]&forge.SumsBit == 0 {
				t.Errorf("there is no index with sums in it: %v", err)
			}
		})
	}
}

// TestDraftLinks: a draft could have any mode for a symbolic link.
func TestDraftLinks(t *testing.T) {
	link := forge.Item{Path: "b", Type: forge.Symlink, Link: "a", Mode: 0o640}
	a, _ := forge.Build(forgedFile("a", "a"), link, forgedDir("d"))
	end := len(a) - 64
	a = append(a[:end], forge.TrailerOf(0, 0, 3, uint64(end), 0)...)
	dir := tools.Dir(t)
	draft, out := filepath.Join(dir, "draft.tar.gz"), filepath.Join(dir, "out.tar.gz")
	fixture.WriteFiles(t, map[string][]byte{draft: a})
	for _, args := range [][]string{{"convert", draft, out}, {"verify", out}} {
		if r := fixture.Run(t, args...); r.Code != 0 {
			t.Fatal(r)
		}
	}
	if !bytes.Contains(fixture.Run(t, "cat", out, "b").Out, []byte("a")) {
		t.Error("the link leads nowhere")
	}
	// As an archive of the final format it is refused.
	bad, s := forge.Build(forgedFile("a", "a"), forge.Item{
		Path: "b", Type: forge.Symlink, Link: "a", Mode: 0o640,
	})
	fixture.WriteFiles(t, map[string][]byte{draft: bad, draft + ".tpi": s})
	if r := fixture.Run(t, "verify", draft); r.Code != 1 {
		t.Error(r)
	}
}

// largestMember returns the longest run of bytes of an archive that surely is within one member.
func largestMember(t *testing.T, archive []byte) []byte {
	t.Helper()
	longest := []byte(nil)
	starts := bytes.Split(archive, []byte{0x1f, 0x8b, 8})
	for _, m := range starts {
		if len(m) > len(longest) {
			longest = m
		}
	}
	return longest
}

// TestUnknownFeatures: a required feature that tpk does not know keeps it from reading an archive,
// an optional one from all but reading through an existing index. The error names the bit.
func TestUnknownFeatures(t *testing.T) {
	archive := filepath.Join(tools.Dir(t), "x.tar.gz")
	reading, others := refusing(t, archive)
	write := func(required, optional uint16) (a, s []byte) {
		a, s = forge.Build(forgedItems()[:6]...)
		forge.SetFeatures(s, required, optional)
		end := len(a) - 64
		a = append(a[:end], forge.TrailerOf(required, optional, forge.Entries(s), uint64(end),
			forge.Digest(s))...)
		fixture.WriteFiles(t, map[string][]byte{archive: a, archive + ".tpi": s})
		return a, s
	}
	wantSame := func(a, s []byte) {
		t.Helper()
		now := fixture.ReadPair(t, archive)
		if !bytes.Equal(now.Archive, a) || !bytes.Equal(now.Sidecar, s) {
			t.Error("it has changed")
		}
	}
	a, s := write(1|1<<9, 0)
	for _, args := range append(reading, others...) {
		fixture.Failed(t, fixture.Run(t, args...), "bit 9 of its required features", "newer tpk")
	}
	wantSame(a, s)
	a, s = write(1, 1<<12)
	for _, args := range reading {
		if r := fixture.Run(t, args...); r.Code != 0 {
			t.Error(r)
		}
	}
	for _, args := range others {
		fixture.Failed(t, fixture.Run(t, args...), "bit 12 of its optional features", "newer tpk")
	}
	wantSame(a, s)
	if err := os.Remove(archive + ".tpi"); err != nil {
		t.Fatal(err)
	}
	for _, args := range append(reading, others...) {
		fixture.Failed(t, fixture.Run(t, args...), "bit 12 of its optional features", "newer tpk")
	}
	out := filepath.Join(tools.Dir(t), "out.tar.gz")
	fixture.Failed(t, fixture.Run(t, "convert", archive, out), "bit 12 of its optional features")
}

// TestDraftSet: a shard set of a draft is converted like one archive, whatever it is named by, also
// without its list. The tree is what tar extracts from its shards.
func TestDraftSet(t *testing.T) {
	base := filepath.Join(tools.Repo(t), "testdata", "draft", "set")
	want := tools.Dir(t)
	for _, shard := range []string{"d-00000-of-00002.tar.gz", "d-00001-of-00002.tar.gz"} {
		fixture.Untar(t, "tar", filepath.Join(base, shard), want)
	}
	for _, name := range []string{"d.tar.gz", "d-00000-of-00002.tar.gz", "d-of-00002.tar.gz.tps", ""} {
		t.Run(name, func(t *testing.T) {
			dir := tools.Dir(t)
			if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
				t.Fatal(err)
			}
			if name == "" { // the others find the list
				name = "d.tar.gz"
				for _, gone := range []string{"d-of-00002.tar.gz.tps", "d-of-00002.tar.gz.tps.tpi"} {
					if err := os.Remove(filepath.Join(dir, gone)); err != nil {
						t.Fatal(err)
					}
				}
			}
			set, out := filepath.Join(dir, name), filepath.Join(tools.Dir(t), "out.tar.gz")
			fixture.OneLine(t, fixture.Run(t, "ls", set), "draft of the format", "tpk convert")
			for _, args := range [][]string{
				{"convert", set, out}, {"verify", out}, {"extract", "-C", out + ".x", out},
			} {
				if r := fixture.Run(t, args...); r.Code != 0 || len(r.Err) > 0 {
					t.Fatal(r)
				}
			}
			rules := trees.Rules{IgnoreLinks: true, Merged: true}
			fixture.Diff(t, fixture.ReadTree(t, want), out+".x", rules)
		})
	}
}
