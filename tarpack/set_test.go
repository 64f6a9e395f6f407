package tarpack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/extract"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
)

func TestSetNames(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("x-of-y", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{ // of shard 0, only others are there
		"a-00001-of-00016.tar.gz", "x-of-y/a-b-65535-of-65536.tgz", "l-of-00004.tar.gz.tps",
		"alone-00000-of-00003.tar.gz", "alone-00000-of-00003.tar.gz.tpi", "[b]-00000-of-00002",
		"b-00001-of-00002", "l.tar.gz.tpi", "two-of-00003.tar.gz.tps", "two-00001-of-00002.tar.gz",
		"file-of-00003.tar.gz.tps", "file.tar.gz",
	} {
		tartest.WriteFile(t, name, nil)
	}
	for _, c := range []struct{ name, list string }{
		{"a-00000-of-00016.tar.gz", "a-of-00016.tar.gz.tps"},
		{"x-of-y/a-b-00000-of-65536.tgz", "x-of-y/a-b-of-65536.tgz.tps"},
		{"l-00000-of-00004.tar.gz", "l-of-00004.tar.gz.tps"}, // only the list is there
		{"[b]-*-of-00002", "b-of-00002.tps"},
		// Neither the list nor another shard is there.
		{"alone-00000-of-00003.tar.gz", ""},
		{"a-00000-of-00017.tar.gz", ""},
		{"a-00000-of-00001", ""},
		{"[b]-00000-of-00002", ""}, // also a glob, for the shard of another set
		{"a-of-00016.tar.gz.tps", "a-of-00016.tar.gz.tps"},
		{"a-00001-of-00016.tar.gz", ""}, // that archive alone
		{"a-00016-of-00016.tar.gz", ""},
		{"a-0000-of-0016.tar.gz", ""},
		{"a-00000-of-65537.tar.gz", ""},
		{"-00000-of-00016.tar.gz", ""},
		{"a-+0000-of-00016.tar.gz", ""},
		{"a-of-00000.tar.gz.tps", ""},
		// The name that it was packed under.
		{"a.tar.gz", "a-of-00016.tar.gz.tps"},
		{"./l.tar.gz", "./l-of-00004.tar.gz.tps"},
		{"x-of-y/a-b.tgz", "x-of-y/a-b-of-65536.tgz.tps"},
		{"b", "b-of-00002.tps"},
		{"l.tgz", ""},
		{"l", ""},
		{"file.tar.gz", ""}, // there is one
		{"", ""},
		{".tar.gz", ""},
		{"x-of-y/", ""},
		{"nothing/a.tar.gz", ""},
		{"c-*-of-00016.tar.gz", ""}, // matches nothing
	} {
		list, ok, err := tarpack.SetList(c.name)
		if err != nil || ok != (c.list != "") || ok && list != c.list {
			t.Errorf("%s: %s, %v, %v", c.name, list, ok, err)
		}
	}
	if _, _, err := tarpack.SetList("two.tar.gz"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name of two sets: %v", err)
	}
	got := tarpack.JoinShards([]string{"x", "a-00001-of-00003", "a-00002-of-00003",
		"b-00000-of-00002", "c-00000-of-00002", "c-00000-of-00002", "a"})
	want := []string{"x", "a-00000-of-00003", "b-00000-of-00002", "c-00000-of-00002",
		"c-00000-of-00002", "a"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// packSet packs a set, and returns the name of its list.
func packSet(t *testing.T, dir string, so shard.PackOptions) (list string, shards []shard.Shard) {
	t.Helper()
	packed, err := shard.Pack(context.Background(), dir, filepath.Join(t.TempDir(), "out.tar.gz"), so)
	shards = packed.Shards
	if err != nil {
		t.Fatal(err)
	}
	list, ok, err := tarpack.SetList(shards[0].Name)
	if err != nil || !ok {
		t.Fatal(shards[0].Name, err)
	}
	return list, shards
}

// mustOpenSet opens a set; a line about a missing list or the like is an error.
func mustOpenSet(t *testing.T, list string) *tarpack.Archive {
	t.Helper()
	a, err := tarpack.Open(context.Background(), list,
		&tarpack.OpenOptions{Notice: func(m error) { t.Error(m) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// Each shard is valid and no larger than it should be, all of them merged are what pack makes, and
// as a set they read like it.
func TestPackShards(t *testing.T) {
	ctx := context.Background()
	dir := tartest.ShardTree(t)
	name := tartest.Pack(t, dir, pack.Options{})
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	entries := len(tartest.Found(t, dir))
	for _, o := range []shard.PackOptions{{Shards: 1}, {Shards: 2}, {Shards: 7}, {Shards: 300},
		{Size: 4000}, {Size: 1}, {Size: 1 << 40}} {
		list, shards := packSet(t, dir, o)
		if want := min(o.Shards, entries); o.Shards > 0 && len(shards) != want {
			t.Errorf("%d shards instead of %d", len(shards), want)
		}
		names := tartest.CheckShards(t, shards)
		for _, s := range shards {
			if o.Size == 4000 && s.Bytes > 4000 && s.Entries > 4 {
				t.Errorf("%s has %d bytes and %d entries", s.Name, s.Bytes, s.Entries)
			}
		}
		out := filepath.Join(t.TempDir(), "merged.tar.gz")
		if _, err := edit.Merge(ctx, out, names, edit.MergeOptions{}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%+v: the shards merged are not the archive (%v)", o, err)
		}
		a := mustOpenSet(t, list)
		last := format.Progress{}
		res, err := tarpack.Verify(ctx, list, tarpack.VerifyOptions{
			Progress: func(p format.Progress) { last = p }})
		if err != nil || res.Failed > 0 {
			t.Errorf("%+v: %+v, %v", o, res.Problems, err)
		}
		if n := int64(a.Index().Len()); res.Entries != n || last.Entries != n {
			t.Errorf("%+v: verify counts %d entries, at last %d, of %d", o, res.Entries, last.Entries, n)
		}
		tarpack.Set(a).Limit = 2 // so that shards are opened and closed all the time
		extracted := t.TempDir()
		t.Cleanup(func() { tartest.OpenUp(extracted) })
		if _, err := extract.Extract(context.Background(), a, extracted, extract.Options{}); err != nil {
			t.Fatal(err)
		}
		tartest.SameAsFS(t, a, extracted)
		if err := os.CopyFS(filepath.Join(t.TempDir(), "copy"), a.FS()); err != nil &&
			!errors.Is(err, fs.ErrInvalid) {
			t.Error(err)
		}
		if n := tarpack.Set(a).Recent.Len(); n > 2 {
			t.Errorf("%d shards are open", n)
		}
		whole, err := tarpack.Open(context.Background(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = tarpack.Compare(ctx, whole, a,
			func(d tarpack.Difference) error { return fmt.Errorf("%s %s %q", d.Kind, d.Path, d.What) })
		if err := errors.Join(err, whole.Close()); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, o := range []shard.PackOptions{{}, {Size: 1, Shards: 1}, {Shards: format.MaxShards + 1},
		{Size: -1}, {Shards: -1}} {
		if _, err := shard.Pack(ctx, dir, filepath.Join(t.TempDir(), "out.tar.gz"),
			o); !errors.Is(err, os.ErrInvalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Verify reads no shard again after it has verified the last one, also if there are no indexes.
func TestVerifySetOnce(t *testing.T) {
	list, shards := packSet(t, tartest.ShardTree(t), shard.PackOptions{Shards: 3})
	n := int64(mustOpenSet(t, list).Index().Len())
	own := []string{list, list + format.SidecarSuffix}
	for _, s := range shards {
		own = append(own, s.Name+format.SidecarSuffix)
	}
	for _, name := range own {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	removed := false
	o := tarpack.VerifyOptions{Progress: func(p format.Progress) {
		if p.Entries < n || removed {
			return
		}
		removed = true
		for _, s := range shards {
			if err := os.Remove(s.Name); err != nil {
				t.Error(err)
			}
		}
	}}
	res, err := tarpack.Verify(t.Context(), shards[0].Name, o)
	if err != nil || res.Failed > 0 || res.Entries != n || !removed {
		t.Errorf("%+v, %v", res, err)
	}
}

// The names of one file are one file in each shard; the set's own files are not packed; and the
// same tree gives the same bytes.
func TestPackShardsLinks(t *testing.T) {
	ctx := context.Background()
	dir := tartest.Tree(t, [2]string{"b/", ""}, [2]string{"d/", ""}, [2]string{"f/", ""},
		[2]string{"a/1", "content"}, [2]string{"a/2", "=> a/1"}, [2]string{"b/1",
			"=> a/1"}, [2]string{"b/2", "=> a/1"},
		[2]string{"c/big", tartest.Noise("x", 5<<20)}, [2]string{"d/big",
			"=> c/big"}, [2]string{"e/zero", ""}, [2]string{"f/zero", "=> e/zero"})
	var before []string
	for range 2 {
		packed, err := shard.Pack(ctx, dir, filepath.Join(dir, "out.tar.gz"),
			shard.PackOptions{Size: 300, Notice: func(error) {}})
		shards := packed.Shards
		if err != nil {
			t.Fatal(err)
		}
		var sums []string
		for _, s := range shards {
			if res, err := tarpack.Verify(ctx, s.Name, tarpack.VerifyOptions{}); err != nil ||
				res.Failed > 0 {
				t.Errorf("%s: %v, %v", s.Name, res.Problems, err)
			}
			b, err := os.ReadFile(s.Name)
			if err != nil {
				t.Fatal(err)
			}
			sums = append(sums, string(b))
		}
		if before != nil && !slices.Equal(sums, before) {
			t.Error("the second run makes other shards")
		}
		before = sums
	}
	list := filepath.Join(dir, fmt.Sprintf("out-of-%05d.tar.gz.tps", len(before)))
	a := mustOpenSet(t, list)
	for _, p := range []string{"a/1", "a/2", "b/1", "b/2"} {
		if b, err := fs.ReadFile(a.FS(), p); err != nil || string(b) != "content" {
			t.Errorf("%s: %q, %v", p, b, err)
		}
	}
	for _, p := range []string{"c/big", "d/big"} {
		if b, err := fs.ReadFile(a.FS(), p); err != nil || string(b) != tartest.Noise("x", 5<<20) {
			t.Errorf("%s: %d bytes, %v", p, len(b), err)
		}
	}
	if st := a.Index().Stats(); st.Files+st.Hardlinks != 8 {
		t.Errorf("%+v", st)
	}
}

// The workers are ahead of the sequencer, which begins a shard at each of many small files.
func TestPackManyShards(t *testing.T) {
	var files [][2]string
	for i := range 1000 {
		files = append(files, [2]string{fmt.Sprintf("f%03d", i), fmt.Sprint(i / 3)})
	}
	list, shards := packSet(t, tartest.Tree(t, files...), shard.PackOptions{Shards: 900})
	a := mustOpenSet(t, list)
	for _, f := range files {
		if b, err := fs.ReadFile(a.FS(), f[0]); err != nil || string(b) != f[1] {
			t.Fatalf("%s: %q, %v", f[0], b, err)
		}
	}
	if n := tarpack.Set(a).Recent.Len(); len(shards) != 900 || n != shardset.OpenShards {
		t.Errorf("%d shards, %d are open", len(shards), n)
	}
}

// An error about a set names the file that is wrong.
func TestBadSets(t *testing.T) {
	ctx := context.Background()
	dir := tartest.ShardTree(t)
	other, _ := packSet(t, tartest.Tree(t, [2]string{"d0/x", "y"}, [2]string{"z", "z"}),
		shard.PackOptions{Shards: 3})
	foreign := strings.Replace(other, "-of-00003.tar.gz.tps", "-00001-of-00003.tar.gz", 1)
	for _, c := range []struct {
		what string
		ruin func(shard func(int) string, list string) error
		says string
	}{
		{"missing", func(s func(int) string, _ string) error { return os.Remove(s(1)) },
			"out-00001-of-00003.tar.gz: "},
		{"missing, without a list", func(s func(int) string,
			l string) error {
			return errors.Join(os.Remove(s(2)), os.Remove(l))
		}, "out-00002-of-00003.tar.gz: "},
		{"foreign", func(s func(int) string, _ string) error { return copyFile(foreign, s(1)) },
			"out-00001-of-00003.tar.gz: "},
		{"foreign, without a list", func(s func(int) string, l string) error {
			return errors.Join(copyFile(s(0), s(1)),
				copyFile(s(0)+format.SidecarSuffix, s(1)+format.SidecarSuffix), os.Remove(l))
		}, "not of one set"},
		{"cut short", func(s func(int) string, _ string) error { return os.Truncate(s(0), 1000) },
			"out-00000-of-00003.tar.gz: "},
		{"a directory", func(s func(int) string,
			_ string) error {
			return errors.Join(os.Remove(s(0)), os.Mkdir(s(0), 0o755))
		}, "out-00000-of-00003.tar.gz: "},
	} {
		list, shards := packSet(t, dir, shard.PackOptions{Shards: 3})
		if err := c.ruin(func(i int) string { return shards[i].Name }, list); err != nil {
			t.Fatal(err)
		}
		a, err := tarpack.Open(ctx, list, nil)
		if err == nil {
			a.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.what, err)
		}
		if res, err := tarpack.Verify(ctx, list, tarpack.VerifyOptions{}); err == nil &&
			res.Failed == 0 {
			t.Errorf("%s: verify finds nothing", c.what)
		}
	}

	// Of the same size, it is found when it is read, and by verify.
	list, shards := packSet(t, dir, shard.PackOptions{Shards: 2})
	b, err := os.ReadFile(shards[1].Name)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-format.EndSize+38] ^= 1 // in the digest
	tartest.WriteFile(t, shards[1].Name, b)
	a := mustOpenSet(t, list)
	if _, err := a.Source().ReadAt(make([]byte, 1), shards[0].Bytes); !errors.Is(err,
		format.ErrShard) {
		t.Error(err)
	}
	if res, err := tarpack.Verify(ctx, list, tarpack.VerifyOptions{}); err != nil || res.Failed == 0 {
		t.Error(res, err)
	}
}

// The files of a set that is made of an archive have its permissions.
func TestSetPermissions(t *testing.T) {
	name := tartest.Pack(t, tartest.ShardTree(t), pack.Options{})
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := shard.Split(context.Background(), name, shard.SplitOptions{Shards: 2}); err != nil {
		t.Fatal(err)
	}
	list := format.SetNameOf(name, 2).List()
	for range 2 {
		for _, n := range []string{list, list + format.SidecarSuffix, format.ShardName(name, 1, 2),
			format.ShardName(name, 1, 2) + format.SidecarSuffix} {
			if fi, err := os.Stat(n); err != nil || fi.Mode().Perm() != 0o640 {
				t.Errorf("%s: %v, %v", n, fi.Mode(), err)
			}
		}
		if err := errors.Join(os.Remove(list), os.Remove(list+format.SidecarSuffix)); err != nil {
			t.Fatal(err)
		}
		if _, err := tarpack.Reindex(context.Background(), list, tarpack.ReindexOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o666)
}

// Without a list, or with a damaged one, or a stale index, a set is read from its shards. Reindex
// writes what pack wrote.
func TestReindexSet(t *testing.T) {
	ctx := context.Background()
	list, shards := packSet(t, tartest.ShardTree(t), shard.PackOptions{Shards: 5})
	want := map[string]string{}
	for _, n := range []string{list, list + format.SidecarSuffix,
		shards[3].Name + format.SidecarSuffix} {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		want[n] = string(b)
	}
	for _, ruin := range []func() error{
		func() error { return os.Remove(list) },
		func() error { return os.Remove(list + format.SidecarSuffix) },
		func() error { return os.WriteFile(list, []byte("tpk set 1\n"), 0o666) },
		func() error {
			return errors.Join(os.Remove(list),
				os.Remove(shards[3].Name+format.SidecarSuffix))
		},
		func() error { return copyFile(shards[0].Name+format.SidecarSuffix, list+format.SidecarSuffix) },
	} {
		if err := ruin(); err != nil {
			t.Fatal(err)
		}
		said := 0
		a, err := tarpack.Open(ctx, list, &tarpack.OpenOptions{Notice: func(error) { said++ }})
		if err != nil {
			t.Fatal(err)
		}
		if said != 1 || !a.IndexRebuilt() {
			t.Errorf("%d lines were said, indexed: %v", said, a.IndexRebuilt())
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if _, err := tarpack.Reindex(ctx, list, tarpack.ReindexOptions{}); err != nil {
			t.Fatal(err)
		}
		for n, b := range want {
			if got, err := os.ReadFile(n); err != nil || string(got) != b {
				t.Errorf("%s is not as it was (%v)", n, err)
			}
		}
	}
}

// A writer that is stopped leaves the old set or the new one: before its list is in its place
// nothing is seen of the new set, and after it all is there.
func TestSetCommit(t *testing.T) {
	ctx := context.Background()
	list, shards := packSet(t, tartest.ShardTree(t), shard.PackOptions{Shards: 4})
	set, _ := format.ParseListName(list)
	dir := filepath.Dir(list)
	want := tartest.Found(t, dir)

	// Stopped after the list, with the shards from k on still pending.
	for k := range len(shards) + 1 {
		for i := k; i < len(shards); i++ {
			if err := os.Rename(set.Shard(i), set.Pending(i)); err != nil {
				t.Fatal(err)
			}
			if i > k || k%2 == 0 { // or else the sidecar is in its place already
				if err := os.Rename(set.Shard(i)+format.SidecarSuffix, set.PendingIndex(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		a := mustOpenSet(t, list)
		if _, err := extract.Extract(context.Background(), a, t.TempDir(),
			extract.Options{}); err != nil {
			t.Fatal(err)
		}
		o, err := shardset.Create(filepath.Join(dir, "out.tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := shardset.Create(filepath.Join(dir, "out.tar.gz")); !errors.Is(err,
			format.ErrLocked) {
			t.Error(err)
		}
		if err := o.Abort(); err != nil {
			t.Fatal(err)
		}
		if got := tartest.Found(t, dir); !slices.Equal(got, want) {
			t.Errorf("after a stop before shard %d there are %q", k, got)
		}
	}

	// Stopped before the list.
	for _, n := range []string{set.Pending(0), set.Pending(3), set.Pending(60000),
		set.PendingIndex(2), format.TempName(list), format.TempName(list + format.SidecarSuffix)} {
		tartest.WriteFile(t, n, []byte("half"))
	}
	o, err := shardset.Create(filepath.Join(dir, "out.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Abort(); err != nil {
		t.Fatal(err)
	}
	if got := tartest.Found(t, dir); !slices.Equal(got, want) {
		t.Errorf("there are %q", got)
	}

	// Stopped before the list of another number of shards.
	other := format.SetName{Stem: set.Stem, Ext: set.Ext, N: 5}.List()
	tartest.WriteFile(t, format.TempName(other), []byte("list"))
	tartest.WriteFile(t, format.TempName(other+format.SidecarSuffix), []byte("sidecar"))
	if o, err = shardset.Create(filepath.Join(dir, "out.tar.gz")); err != nil {
		t.Fatal(err)
	}
	if err := o.Abort(); err != nil {
		t.Fatal(err)
	}
	if got := tartest.Found(t, dir); !slices.Equal(got, want) {
		t.Errorf("there are %q", got)
	}

	// One that fails leaves nothing, and the set as it was.
	src := tartest.Tree(t, [2]string{"a", tartest.Noise("a", 1000)}, [2]string{"b", "b"})
	ctx, cancel := context.WithCancel(ctx)
	_, err = shard.Pack(ctx, src, filepath.Join(dir, "out.tar.gz"),
		shard.PackOptions{Size: 100, Progress: func(p format.Progress) {
			if p.Entries == 2 {
				cancel()
			}
		}})
	if got := tartest.Found(t, dir); err == nil || !slices.Equal(got, want) {
		t.Errorf("%v: there are %q", err, got)
	}
}
