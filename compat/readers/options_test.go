package readers

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// optionsTree has files of every coding, duplicates and links.
var optionsTree = trees.Tree{
	trees.Text("text", 40_000), trees.Noise("stored", 200_000), trees.File("empty", ""),
	trees.Sparse("d/segmented", 2<<20+100, "the end of three segments"),
	trees.Noise("d/e/large", 1<<20+5),
	trees.Bytes("d/copy", trees.NoiseBytes("stored", 200_000)).At(1e9),
	trees.File("a", "1\n"), trees.Hardlink("d/hard", "a"), trees.Symlink("link", "d/e"),
}

// A stage is an archive with all options at one point of its life.
type stage struct {
	name     string
	archives []string       // the shards of a set, or one
	snap     trees.Snapshot // what it holds
	outside  bool           // it is no archive of tpk any more
	beside   bool           // its index is beside it
	grown    bool
}

// stages packs a tree with all options, signs it, and then does what can be done with an archive.
func stages(t *testing.T) (all []stage) {
	t.Helper()
	base := tools.Dir(t)
	in := func(name string) string { return filepath.Join(base, name) }
	tpk := func(args ...string) {
		t.Helper()
		if r := fixture.Run(t, append(args, "-q")...); r.Code != 0 || len(r.Err) > 0 {
			t.Fatal(r)
		}
	}
	tree, archive, key := in("tree"), in("a.tar.gz"), in("key")
	tools.Must(t, exec.Command(tools.Path(t, "minisign"), "-G", "-W", "-p", key+".pub", "-s", key))
	keep := func(s stage, from ...string) {
		t.Helper()
		s.snap = fixture.ReadTree(t, tree)
		for i, name := range from {
			to := filepath.Join(in("files of "+s.name), filepath.Base(name))
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				t.Fatal(err)
			}
			tools.Must(t, exec.Command("cp", from[i], to))
			s.archives = append(s.archives, to)
		}
		all = append(all, s)
	}
	signed := func() {
		t.Helper()
		tpk("sign", "--secret-key", key, archive)
		tpk("verify", "--public-key", key+".pub", archive)
	}
	add := func(name string) {
		fixture.WriteTree(t, trees.Tree{trees.Text(name, 30_000), trees.Noise("d/"+name, 600_000),
			trees.Bytes("copy of "+name, trees.NoiseBytes("d/"+name, 600_000))}, tree)
	}
	fixture.WriteTree(t, optionsTree, tree)
	tpk("pack", "--sha256", "--embed-index", tree, archive)
	signed()
	keep(stage{name: "packed"}, archive)
	for i := range 2 {
		add(fmt.Sprintf("new-%d", i))
		tpk("add", "--append", archive, tree)
		signed()
		keep(stage{name: fmt.Sprintf("grown %d", i+1), grown: true}, archive)
	}
	for _, ext := range []string{"single.tar.gz", "export.tar.gz"} {
		args := []string{"export", "--public-key", key + ".pub", archive, in(ext)}
		if ext == "single.tar.gz" {
			args = append(args, "--single-member")
		}
		tpk(args...)
		keep(stage{name: ext, grown: true, outside: ext == "single.tar.gz"}, in(ext))
	}
	tpk("convert", "--sha256", archive, in("converted.tar.gz"))
	keep(stage{name: "converted", beside: true}, in("converted.tar.gz"))
	tpk("split", "--shards", "2", archive)
	var shards []string
	for i := range 2 {
		shards = append(shards, in(fmt.Sprintf("a-%05d-of-00002.tar.gz", i)))
	}
	keep(stage{name: "set", beside: true}, shards...)
	tpk("merge", in("merged.tar.gz"), shards[0])
	keep(stage{name: "merged", beside: true}, in("merged.tar.gz"))
	if err := os.Remove(filepath.Join(tree, "text")); err != nil {
		t.Fatal(err)
	}
	add("updated")
	tpk("update", archive, tree)
	signed()
	keep(stage{name: "updated"}, archive)
	tpk("add", "--append", archive, in("files of packed/a.tar.gz")) // an archive in the archive
	tpk("rm", archive, "a.tar.gz")
	tpk("compact", archive)
	signed()
	keep(stage{name: "compacted"}, archive)
	return all
}

// TestAllOptions extracts an archive with all options at each stage of its life with every program.
// Each restores the tree, and prints no more than about a plain archive. With -short it takes five
// stages.
func TestAllOptions(t *testing.T) {
	source, plain := filepath.Join(tools.Dir(t), "tree"), filepath.Join(tools.Dir(t), "plain.tar.gz")
	fixture.WriteTree(t, trees.Tree{trees.File("a", "1\n"), trees.Hardlink("b", "a")}, source)
	fixture.Pack(t, source, plain)
	short := []string{"packed", "grown 2", "single.tar.gz", "set", "compacted"}
	for _, s := range stages(t) {
		if testing.Short() && !slices.Contains(short, s.name) {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			for _, r := range readers {
				t.Run(r.name, func(t *testing.T) { s.extract(t, r, plain) })
			}
			for _, archive := range s.archives {
				s.gunzip(t, archive)
				if !s.outside {
					s.reindex(t, archive)
				}
			}
		})
	}
}

// extract extracts all archives of a stage, each to a directory of its own.
func (s stage) extract(t *testing.T, r reader, plain string) {
	t.Helper()
	said := func(archive, dir string) string {
		if r.command == nil {
			r.run(t, archive, dir, limit{}, nil)
			return ""
		}
		res := tools.Run(t, r.command(t, archive, dir))
		if res.Code != 0 {
			t.Error(res)
		}
		return string(res.Err)
	}
	want, all := said(plain, tools.Dir(t)), trees.Snapshot{}
	for _, archive := range s.archives {
		dir := tools.Dir(t)
		if got := said(archive, dir); got != want {
			t.Errorf("it prints %q, about a plain archive %q", got, want)
		}
		maps.Copy(all, fixture.ReadTree(t, dir))
	}
	rules := r.rules
	rules.Merged = true
	rules.IgnoreDirTime = rules.IgnoreDirTime || s.grown
	rules.IgnoreLinks = rules.IgnoreLinks || len(s.archives) > 1
	for _, line := range trees.Diff(s.snap, all, rules) {
		t.Error(line)
	}
}

// gunzip inflates an archive with every program. Each gives the same tar.
func (s stage) gunzip(t *testing.T, archive string) {
	t.Helper()
	want := sumOf(t, memberByMember(t, archive))
	for _, g := range gunzips {
		cmd := exec.Command(tools.Path(t, g[0]), append(slices.Clone(g[1:]), archive)...)
		h := sha256.New()
		cmd.Stdout = h
		r := tools.Run(t, cmd)
		if r.Code != 0 || len(r.Err) > 0 || [sha256.Size]byte(h.Sum(nil)) != want {
			t.Error(r)
		}
	}
	for _, test := range [][]string{{"gzip", "-t"}, {"pigz", "-t"}, {"7z", "t", "-tgzip"},
		{"tar", "-tzf"}, {"bsdtar", "-tf"}, {"busybox", "tar", "-tzf"}} {
		cmd := exec.Command(tools.Path(t, test[0]), append(slices.Clone(test[1:]), archive)...)
		if r := tools.Run(t, cmd); r.Code != 0 || len(r.Err) > 0 {
			t.Error(r)
		}
	}
}

// reindex makes the index of an archive again, by tpk and as FORMAT.md says. Both are the one that
// the archive has in itself, with sums.
func (s stage) reindex(t *testing.T, archive string) {
	t.Helper()
	b, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	want, err := forge.Index(b)
	if err != nil {
		t.Fatal(err)
	}
	if want[14]&forge.SumsBit == 0 {
		t.Errorf("it has no sums: features % x", want[12:16])
	}
	if !s.beside {
		if got, err := forge.EmbeddedIndex(b); err != nil || !bytes.Equal(got, want) {
			t.Errorf("the index in it is not that of the archive: %v", err)
		}
	}
	args := []string{"index", "-q", archive}
	if len(s.archives) == 1 {
		tools.Must(t, exec.Command(tools.TPK(t), args...))
		if got := fixture.ReadPair(t, archive).Sidecar; !bytes.Equal(got, want) {
			t.Error("tpk makes another index")
		}
		if r := fixture.Run(t, "verify", "-q", archive); r.Code != 0 || len(r.Err) > 0 {
			t.Error(r)
		}
	}
}
