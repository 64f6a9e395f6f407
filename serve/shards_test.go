package serve_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/shard"
)

// packShards packs files into a shard set, and returns the names of its first shard and of its
// list.
func (fs files) packShards(t testing.TB, name string, shards int) (first, list string) {
	t.Helper()
	dir := t.TempDir()
	fs.write(t, dir)
	if _, err := shard.Pack(context.Background(), dir, name,
		shard.PackOptions{Shards: shards}); err != nil {
		t.Fatal(err)
	}
	first = format.ShardName(name, 0, shards)
	list, ok, err := tarpack.SetList(first)
	if err != nil || !ok {
		t.Fatal(first, err)
	}
	return first, list
}

// TestShardContent: a shard set answers as an archive does, for each file in each way.
func TestShardContent(t *testing.T) {
	first, _ := site().packShards(t, filepath.Join(t.TempDir(), "site.tar.gz"), 9)
	testContent(t, first)
}

// TestShardDownloads: so do the downloads of its folders, and of all of it.
func TestShardDownloads(t *testing.T) {
	first, list := site().packShards(t, filepath.Join(t.TempDir(), "site.tar.gz"), 9)
	a, err := tarpack.Open(context.Background(), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	testFolderDownloads(t, strings.Replace(first, "-00000-", "-*-", 1), a)
}

// TestReplaceShards replaces a set by one of other content while it is served. Each answer is of
// one version. An incomplete set is refused.
func TestReplaceShards(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	first, list := version(0).packShards(t, name, 3)
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: first}}},
		serve.RunOptions{Watch: true})
	all := func(n int) {
		t.Helper()
		for p, want := range version(n) {
			if _, body := fetch(t, plainClient, r.url("/"+p)); body != want {
				t.Errorf("%s is not of version %d", p, n)
			}
		}
	}
	all(0)
	for n := 1; n < 4; n++ {
		version(n).packShards(t, name, 3)
		eventually(t, "the new content", func() bool {
			_, body := fetch(t, plainClient, r.url("/"))
			return body == version(n)["index.html"]
		})
		all(n)
	}
	lost := format.ShardName(name, 1, 3)
	if err := os.Rename(lost, lost+"~"); err != nil {
		t.Fatal(err)
	}
	// The list is unchanged, so the set stays open.
	if err := r.Reload(context.Background()); err != nil {
		t.Error(err)
	}
	all(3)
	b, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list+"~", b, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(list+"~", list); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a word about the missing shard", func() bool {
		return strings.Contains(r.log.String(), "still served as before: "+lost+": ")
	})
	all(3)
}

// TestManyShards serves many shards without a list. No list is written, and files are read from
// more shards than are kept open.
func TestManyShards(t *testing.T) {
	tree := files{}
	for i := range 700 {
		tree[fmt.Sprintf("f%03d", i)] = fmt.Sprintf("file %d", i)
	}
	first, list := tree.packShards(t, filepath.Join(t.TempDir(), "a.tar.gz"), 700)
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: first, Mount: "/m"}}})
	for p, want := range tree {
		if _, body := fetch(t, plainClient, r.url("/m/"+p)); body != want {
			t.Errorf("%s: %q", p, body)
		}
	}
	if _, err := os.Stat(list); err == nil {
		t.Error("a list was written")
	}
}

// TestReplaceOneShard: without a list, a set is the files that are there, by each of its names.
func TestReplaceOneShard(t *testing.T) {
	for _, form := range []string{"a.tar.gz", "a-00000-of-00002.tar.gz"} {
		name := filepath.Join(t.TempDir(), "a.tar.gz")
		_, list := files{"a": "one", "b": "one"}.packShards(t, name, 2)
		if err := os.Remove(list); err != nil {
			t.Fatal(err)
		}
		r := start(t, serve.Options{Archives: []serve.Archive{
			{Path: filepath.Join(filepath.Dir(name), form)}}}, serve.RunOptions{Watch: true})
		if _, body := fetch(t, plainClient, r.url("/b")); body != "one" {
			t.Errorf("%s: %q", form, body)
		}
		next := files{"b": "two"}.pack(t, filepath.Join(t.TempDir(), "next.tar.gz"))
		if err := os.Rename(next, format.ShardName(name, 1, 2)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the new content", func() bool {
			_, body := fetch(t, plainClient, r.url("/b"))
			return body == "two"
		})
	}
}
