package format

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// setTree is the tree of the golden set. A directory is in two of its three shards.
var setTree = trees.Tree{
	trees.File("a", "a file\n"), trees.File("d/duplicate", "a file\n"),
	trees.Text("d/e/text", 3000), trees.Noise("d/noise", 5000), trees.Symlink("d/z", "../a"),
	trees.Dir("empty-dir").Perm(0o700), trees.Sparse("segmented", 2<<20+100, "the end"),
}

// goldenDir returns the directory of files of version 1. With -update it calls make for one that is
// not there.
func goldenDir(t *testing.T, name string, make func(dir string)) string {
	t.Helper()
	dir := filepath.Join(tools.Repo(t), "testdata", "golden", "v1", name)
	if _, err := os.Stat(dir); err != nil && *update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		make(dir)
	}
	return dir
}

// listSet lists the set s.tar.gz in dir.
func listSet(t *testing.T, dir string) []byte {
	t.Helper()
	cmd := exec.Command(tools.TPK(t), "ls", "--json", "s.tar.gz")
	cmd.Dir = dir
	return tools.Must(t, cmd)
}

// TestGoldenSet: the list, the set's sidecar and those of the shards are functions of the shards.
func TestGoldenSet(t *testing.T) {
	base := goldenDir(t, "set", func(dir string) {
		source := filepath.Join(tools.Dir(t), "tree")
		fixture.WriteTree(t, setTree, source)
		fixture.Pack(t, source, filepath.Join(dir, "s.tar.gz"), "--shards", "3", "--sha256")
		if err := os.WriteFile(filepath.Join(dir, "s.jsonl"), listSet(t, dir), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	dir := tools.Dir(t)
	if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
		t.Fatal(err)
	}
	set := filepath.Join(dir, "s.tar.gz")
	if got := listSet(t, dir); !bytes.Equal(got, readFile(t, filepath.Join(base, "s.jsonl"))) {
		t.Errorf("ls --json prints\n%s", got)
	}
	tools.Must(t, exec.Command(tools.TPK(t), "verify", set))
	files, err := os.ReadDir(base)
	if err != nil || len(files) != 9 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".tar.gz") {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	tools.Must(t, exec.Command(tools.TPK(t), "index", set))
	for _, f := range files {
		want := readFile(t, filepath.Join(base, f.Name()))
		if f.Name() != "s.jsonl" && !bytes.Equal(readFile(t, filepath.Join(dir, f.Name())), want) {
			t.Errorf("%s is another one", f.Name())
		}
	}
	want := fixture.WriteTree(t, setTree, filepath.Join(tools.Dir(t), "tree"))
	x := filepath.Join(dir, "x")
	tools.Must(t, exec.Command(tools.TPK(t), "extract", "--hard-links=false", "-C", x, set))
	fixture.Diff(t, want, x, trees.Rules{IgnoreLinks: true, Merged: true})
}

// TestGoldenSigned: the text of a signature is a function of the archive, and the signature is one
// that minisign accepts. The secret key is for this test alone.
func TestGoldenSigned(t *testing.T) {
	minisign := tools.Path(t, "minisign")
	base := goldenDir(t, "signed", func(dir string) {
		source, key := filepath.Join(tools.Dir(t), "tree"), filepath.Join(dir, "key")
		fixture.WriteTree(t, setTree, source)
		archive := filepath.Join(dir, "x.tar.gz")
		fixture.Pack(t, source, archive, "--sha256")
		tools.Must(t, exec.Command(minisign, "-G", "-W", "-p", key+".pub", "-s", key))
		tools.Must(t, exec.Command(tools.TPK(t), "sign", "--secret-key", key, archive))
	})
	archive, key := filepath.Join(base, "x.tar.gz"), filepath.Join(base, "key")
	tools.Must(t, exec.Command(tools.TPK(t), "verify", "--public-key", key+".pub", archive))
	tools.Must(t, exec.Command(minisign, "-V", "-p", key+".pub", "-m", archive+".sum"))
	check := exec.Command(tools.Path(t, "sha256sum"), "--strict", "-c", "x.tar.gz.sum")
	check.Dir = base
	tools.Must(t, check)

	again := filepath.Join(tools.Dir(t), "x.tar.gz")
	for _, suffix := range []string{"", ".tpi"} {
		fixture.WriteFiles(t, map[string][]byte{again + suffix: readFile(t, archive+suffix)})
	}
	tools.Must(t, exec.Command(tools.TPK(t), "sign", "--secret-key", key, again))
	if !bytes.Equal(readFile(t, again+".sum"), readFile(t, archive+".sum")) {
		t.Errorf("tpk sign writes another text:\n%s", readFile(t, again+".sum"))
	}
}
