package format

import (
	"bytes"
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

// A golden is an archive of a tree, to which a second tree may have been appended.
type golden struct {
	name           string
	tree, appended trees.Tree
	flags          []string // of pack
}

// embedded reports whether the index of a golden archive is in it.
func (g golden) embedded() bool { return slices.Contains(g.flags, "--embed-index") }

// goldens are the trees of the golden archives. They are never made again, and every later tpk must
// read them. With -update those are made that are missing.
var goldens = []golden{
	{name: "empty", tree: trees.Tree{}},
	{name: "kinds", tree: trees.Tree{
		trees.File("file", "a file\n"), trees.File("empty", ""),
		trees.Dir("empty-dir").Perm(0o700).At(-86_400),
		trees.File("dir/duplicate", "a file\n").At(1_000_000_000), trees.Hardlink("dir/genuine", "file"),
		trees.Symlink("dir/link", "../file").At(1_200_000_000),
		trees.Symlink("dangling", "/no/such/file"),
		trees.File("setuid", "s").Perm(0o4755), trees.File("far", "2242").At(1<<33 + 5),
		trees.File("old", "1969").At(-1),
	}},
	{name: "names", tree: trees.Tree{
		trees.File("with space", "1"), trees.File("new\nline", "2"), trees.File("日本語/Grüße", "3"),
		trees.File("raw-\xff\xfe", "4"),
		trees.File(strings.Repeat("component-", 25)+"12345", "5"),
		trees.File(strings.Repeat("\xe9", 120), "6"),
		trees.File(strings.Repeat("directory-of-40-bytes-0123456789-1234567/", 7)+"f", "7"),
		trees.Symlink("long", strings.Repeat("target", 30)), trees.Symlink("wide", "日本語/Grüße"),
		trees.Symlink("raw", strings.Repeat("\xfc", 101)),
	}},
	{name: "codings", tree: trees.Tree{
		trees.Text("deflate", 3000), trees.Noise("stored", 3000), trees.Noise("stored-blocks", 140_000),
		trees.Sparse("segmented", 2<<20+100, "the end of three segments"),
		trees.Sparse("segmented-without-padding", 2<<20, "the end"),
		trees.Sparse("duplicate/segmented", 2<<20+100, "the end of three segments"),
	}},
	{name: "grown", tree: trees.Tree{trees.File("b/old", "old\n"), trees.Text("z", 3000)},
		appended: trees.Tree{trees.File("a", "new\n"), trees.File("b/duplicate", "old\n"),
			trees.Symlink("c", "b/old"), trees.Sparse("d/segmented", 2<<20+100, "the end")}},
	{name: "embedded", flags: []string{"--embed-index"}, tree: trees.Tree{trees.File("b/old", "old\n"),
		trees.Text("z", 3000)}, appended: trees.Tree{trees.File("a", "new\n"),
		trees.File("b/duplicate", "old\n"), trees.Symlink("c", "b/old")}},
	{name: "sums", flags: []string{"--sha256"},
		tree: trees.Tree{trees.File("b/old", "old\n"), trees.File("empty", ""), trees.Dir("d"),
			trees.Sparse("segmented", 2<<20+100, "the end"), trees.Noise("stored", 3000)},
		appended: trees.Tree{trees.File("a", "new\n"), trees.File("b/duplicate", "old\n"),
			trees.Symlink("c", "b/old")}},
	{name: "embedded-sums", flags: []string{"--embed-index", "--sha256"},
		tree: trees.Tree{trees.File("b/old", "old\n"), trees.Dir("d"),
			trees.Sparse("segmented", 2<<20+100, "the end")},
		appended: trees.Tree{trees.File("a", "new\n"), trees.File("b/duplicate", "old\n")}},
}

// TestGolden opens, lists, verifies, re-indexes and extracts the archives of every format version.
func TestGolden(t *testing.T) {
	versions, err := os.ReadDir(filepath.Join(tools.Repo(t), "testdata", "golden"))
	if err != nil && !*update {
		t.Fatal(err)
	}
	if *update {
		makeGoldens(t, "v1")
	}
	for _, v := range versions {
		for _, g := range goldens {
			t.Run(v.Name()+"/"+g.name, func(t *testing.T) {
				checkGolden(t, filepath.Join(tools.Repo(t), "testdata", "golden", v.Name(), g.name), g)
			})
		}
	}
}

func makeGoldens(t *testing.T, version string) {
	t.Helper()
	dir := filepath.Join(tools.Repo(t), "testdata", "golden", version)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, g := range goldens {
		source, archive := filepath.Join(tools.Dir(t), g.name), filepath.Join(dir, g.name+".tar.gz")
		if _, err := os.Stat(archive); err == nil {
			continue
		}
		fixture.WriteTree(t, g.tree, source)
		fixture.Pack(t, source, archive, g.flags...)
		if g.appended != nil {
			fixture.WriteTree(t, g.appended, source)
			tools.Must(t, exec.Command(tools.TPK(t), "add", "--append", archive, source))
		}
		lines := tools.Must(t, exec.Command(tools.TPK(t), "ls", "--json", archive))
		if err := os.WriteFile(filepath.Join(dir, g.name+".jsonl"), lines, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func checkGolden(t *testing.T, base string, g golden) {
	want := fixture.WriteTree(t, append(g.tree, g.appended...), filepath.Join(tools.Dir(t), "tree"))
	golden := readGolden(t, base+".tar.gz", g)
	lines, err := os.ReadFile(base + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	dir := tools.Dir(t)
	archive := filepath.Join(dir, "golden.tar.gz")
	fixture.WriteFiles(t, map[string][]byte{archive: golden.Archive})
	if !g.embedded() {
		fixture.WriteFiles(t, map[string][]byte{archive + ".tpi": golden.Sidecar})
	}
	got := tools.Must(t, exec.Command(tools.TPK(t), "ls", "--json", archive))
	if !bytes.Equal(got, lines) {
		t.Errorf("ls --json prints\n%s\nwant\n%s", got, lines)
	}
	tools.Must(t, exec.Command(tools.TPK(t), "verify", archive))

	// The sidecar is a function of the archive: tpk index must make the same one.
	if err := os.Remove(archive + ".tpi"); err != nil && !g.embedded() {
		t.Fatal(err)
	}
	tools.Must(t, exec.Command(tools.TPK(t), "index", archive))
	if again := fixture.ReadPair(t, archive); !bytes.Equal(again.Sidecar, golden.Sidecar) ||
		!bytes.Equal(again.Archive, golden.Archive) {
		t.Error("tpk index makes another sidecar")
	}
	for _, links := range []bool{false, true} {
		x := filepath.Join(dir, "x")
		rules := trees.Rules{IgnoreLinks: !links, Merged: true}
		r := tools.Run(t, exec.Command(tools.TPK(t), "extract",
			map[bool]string{false: "--hard-links=false", true: "--hard-links"}[links], "--special", "-C", x,
			archive))
		code := 0
		if os.Getuid() != 0 { // its setuid file is root's
			code, rules.ModeMask = 1, 0o6000
		}
		if r.Code != code {
			t.Error(r)
		}
		fixture.Diff(t, want, x, rules)
		if err := removeTree(x); err != nil {
			t.Fatal(err)
		}
	}
}

// readGolden reads a golden archive and its sidecar, which may be in it.
func readGolden(t *testing.T, archive string, g golden) fixture.Pair {
	t.Helper()
	if !g.embedded() {
		return fixture.ReadPair(t, archive)
	}
	p := fixture.Pair{Archive: readFile(t, archive)}
	var err error
	if p.Sidecar, err = forge.EmbeddedIndex(p.Archive); err != nil {
		t.Fatal(err)
	}
	return p
}

func removeTree(dir string) error { return exec.Command("rm", "-rf", dir).Run() }
