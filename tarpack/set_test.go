package tarpack

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
)

func TestSetNames(t *testing.T) {
	for _, c := range []struct{ name, list string }{
		{"a-00000-of-00016.tar.gz", "a-of-00016.tar.gz.tps"},
		{"/x-of-y/a-b-00000-of-65536.tgz", "/x-of-y/a-b-of-65536.tgz.tps"},
		{"a-00000-of-00001", "a-of-00001.tps"},
		{"a-of-00016.tar.gz.tps", "a-of-00016.tar.gz.tps"},
		{"a-00001-of-00016.tar.gz", ""}, // that archive alone
		{"a-00016-of-00016.tar.gz", ""},
		{"a-0000-of-0016.tar.gz", ""},
		{"a-00000-of-65537.tar.gz", ""},
		{"-00000-of-00016.tar.gz", ""},
		{"a-+0000-of-00016.tar.gz", ""},
		{"a-of-00000.tar.gz.tps", ""},
		{"a.tar.gz", ""},
		{"a-*-of-00016.tar.gz", ""}, // matches nothing
	} {
		list, ok, err := SetName(c.name)
		if err != nil || ok != (c.list != "") || ok && list != c.list {
			t.Errorf("%s: %s, %v, %v", c.name, list, ok, err)
		}
	}
	got := JoinShards([]string{"x", "a-00001-of-00003", "a-00002-of-00003", "b-00000-of-00002", "c-00000-of-00002", "c-00000-of-00002", "a"})
	want := []string{"x", "a-00000-of-00003", "b-00000-of-00002", "c-00000-of-00002", "c-00000-of-00002", "a"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func FuzzSetList(f *testing.F) {
	f.Add((&setList{entries: 3, index: 7, shards: []shardInfo{{100, 1}, {200, 2}}}).append(nil), 2)
	f.Add([]byte("tpk set 2\n"), 1)
	f.Add([]byte(""), 0)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		l, err := parseList(b, n&0xff)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(l.append(nil), b) || len(l.shards) != n&0xff {
			t.Fatalf("%q is read as %+v", b, l)
		}
	})
}

// shardTree is a tree with duplicates, empty files and directories, and something of every kind.
func shardTree(t *testing.T) string {
	var files [][2]string
	for i := range 120 {
		files = append(files, [2]string{fmt.Sprintf("d%d/s%d/f%03d", i%3, i%7, i), fmt.Sprintf("%d %s", i%50, bytes.Repeat([]byte{byte('a' + i%50)}, 3000*(i%5)))})
	}
	files = append(files, [2]string{"empty/", ""}, [2]string{"d1/zero", ""}, [2]string{"link", "-> d0"}, [2]string{"d0/s0/back", "-> ../../d1"},
		[2]string{"noise", noise("big", 5<<20)}, [2]string{"text", text("big", 5<<20)})
	return tree(t, files...)
}

// packSet packs a set, and returns the name of its list.
func packSet(t *testing.T, dir string, so ShardOptions) (list string, shards []Shard) {
	t.Helper()
	_, shards, err := PackShards(context.Background(), dir, filepath.Join(t.TempDir(), "out.tar.gz"), PackOptions{}, so)
	if err != nil {
		t.Fatal(err)
	}
	list, ok, err := SetName(shards[0].Name)
	if err != nil || !ok {
		t.Fatal(shards[0].Name, err)
	}
	return list, shards
}

// mustOpenSet opens a set; a line about a missing list or the like is an error.
func mustOpenSet(t *testing.T, list string) *Archive {
	t.Helper()
	a, err := OpenSet(context.Background(), list, &OpenOptions{Notice: func(m error) { t.Error(m) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// Each shard is valid and no larger than it should be, all of them merged are what pack makes, and as a set they read like it.
func TestPackShards(t *testing.T) {
	ctx := context.Background()
	dir := shardTree(t)
	name := mustPack(t, dir, PackOptions{})
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []ShardOptions{{Shards: 1}, {Shards: 2}, {Shards: 7}, {Shards: 300}, {Size: 4000}, {Size: 1}, {Size: 1 << 40}} {
		list, shards := packSet(t, dir, o)
		if o.Shards > 0 && len(shards) != o.Shards {
			t.Errorf("%d shards instead of %d", len(shards), o.Shards)
		}
		var names []string
		for i, s := range shards {
			names = append(names, s.Name)
			if filepath.Base(s.Name) != fmt.Sprintf("out-%05d-of-%05d.tar.gz", i, len(shards)) {
				t.Error(s.Name)
			}
			if res, err := Verify(ctx, s.Name, VerifyOptions{}); err != nil || res.Failed > 0 || res.Entries != int64(s.Entries) {
				t.Errorf("%s: %+v, %v", s.Name, res, err)
			}
			if o.Size == 4000 && s.Bytes > 4000 && s.Entries > 4 {
				t.Errorf("%s has %d bytes and %d entries", s.Name, s.Bytes, s.Entries)
			}
		}
		out := filepath.Join(t.TempDir(), "merged.tar.gz")
		if _, err := Merge(ctx, out, names, MergeOptions{}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%+v: the shards merged are not the archive (%v)", o, err)
		}
		if res, err := VerifySet(ctx, list, VerifyOptions{}); err != nil || res.Failed > 0 {
			t.Errorf("%+v: %+v, %v", o, res.Problems, err)
		}
		a := mustOpenSet(t, list)
		a.set.limit = 2 // so that shards are opened and closed all the time
		extracted := t.TempDir()
		extract(t, a, extracted, ExtractOptions{})
		sameAsFS(t, a, extracted)
		if err := os.CopyFS(filepath.Join(t.TempDir(), "copy"), a.FS()); err != nil && !errors.Is(err, fs.ErrInvalid) {
			t.Error(err)
		}
		if n := a.set.recent.Len(); n > 2 {
			t.Errorf("%d shards are open", n)
		}
		whole, err := Open(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = Compare(ctx, whole, a, func(d Difference) error { return fmt.Errorf("%s %s %q", d.Kind, d.Path, d.What) })
		if err := errors.Join(err, whole.Close()); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, o := range []ShardOptions{{}, {Size: 1, Shards: 1}, {Shards: MaxShards + 1}, {Size: -1}, {Shards: -1}} {
		if _, _, err := PackShards(ctx, dir, filepath.Join(t.TempDir(), "out.tar.gz"), PackOptions{}, o); !errors.Is(err, os.ErrInvalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// The names of one file are one file in each shard; the set's own files are not packed; and the same tree gives the same bytes.
func TestPackShardsLinks(t *testing.T) {
	ctx := context.Background()
	dir := tree(t, [2]string{"b/", ""}, [2]string{"d/", ""}, [2]string{"f/", ""}, [2]string{"a/1", "content"}, [2]string{"a/2", "=> a/1"}, [2]string{"b/1", "=> a/1"}, [2]string{"b/2", "=> a/1"},
		[2]string{"c/big", noise("x", 5<<20)}, [2]string{"d/big", "=> c/big"}, [2]string{"e/zero", ""}, [2]string{"f/zero", "=> e/zero"})
	var before []string
	for range 2 {
		_, shards, err := PackShards(ctx, dir, filepath.Join(dir, "out.tar.gz"), PackOptions{Notice: func(error) {}}, ShardOptions{Size: 300})
		if err != nil {
			t.Fatal(err)
		}
		var sums []string
		for _, s := range shards {
			if res, err := Verify(ctx, s.Name, VerifyOptions{}); err != nil || res.Failed > 0 {
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
		if b, err := fs.ReadFile(a.FS(), p); err != nil || string(b) != noise("x", 5<<20) {
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
	list, shards := packSet(t, tree(t, files...), ShardOptions{Shards: 900})
	a := mustOpenSet(t, list)
	for _, f := range files {
		if b, err := fs.ReadFile(a.FS(), f[0]); err != nil || string(b) != f[1] {
			t.Fatalf("%s: %q, %v", f[0], b, err)
		}
	}
	if n := a.set.recent.Len(); len(shards) != 900 || n != openShards {
		t.Errorf("%d shards, %d are open", len(shards), n)
	}
}

// What is wrong with a set is said with the name of the file that is wrong.
func TestBadSets(t *testing.T) {
	ctx := context.Background()
	dir := shardTree(t)
	other, _ := packSet(t, tree(t, [2]string{"d0/x", "y"}, [2]string{"z", "z"}), ShardOptions{Shards: 3})
	foreign := strings.Replace(other, "-of-00003.tar.gz.tps", "-00001-of-00003.tar.gz", 1)
	for _, c := range []struct {
		what string
		ruin func(shard func(int) string, list string) error
		says string
	}{
		{"missing", func(s func(int) string, _ string) error { return os.Remove(s(1)) }, "out-00001-of-00003.tar.gz: "},
		{"missing, without a list", func(s func(int) string, l string) error { return errors.Join(os.Remove(s(2)), os.Remove(l)) }, "out-00002-of-00003.tar.gz: "},
		{"foreign", func(s func(int) string, _ string) error { return copyFile(foreign, s(1)) }, "out-00001-of-00003.tar.gz: "},
		{"foreign, without a list", func(s func(int) string, l string) error {
			return errors.Join(copyFile(s(0), s(1)), copyFile(s(0)+SidecarSuffix, s(1)+SidecarSuffix), os.Remove(l))
		}, "not of one set"},
		{"cut short", func(s func(int) string, _ string) error { return os.Truncate(s(0), 1000) }, "out-00000-of-00003.tar.gz: "},
		{"a directory", func(s func(int) string, _ string) error { return errors.Join(os.Remove(s(0)), os.Mkdir(s(0), 0o755)) }, "out-00000-of-00003.tar.gz: "},
	} {
		list, shards := packSet(t, dir, ShardOptions{Shards: 3})
		if err := c.ruin(func(i int) string { return shards[i].Name }, list); err != nil {
			t.Fatal(err)
		}
		a, err := OpenSet(ctx, list, nil)
		if err == nil {
			a.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.what, err)
		}
		if res, err := VerifySet(ctx, list, VerifyOptions{}); err == nil && res.Failed == 0 && !strings.Contains(c.what, "without a list") {
			t.Errorf("%s: verify finds nothing", c.what)
		}
	}

	// Of the same size, it is found when it is read, and by verify.
	list, shards := packSet(t, dir, ShardOptions{Shards: 2})
	b, err := os.ReadFile(shards[1].Name)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-TrailerSize+38] ^= 1 // in the digest
	writeFile(t, shards[1].Name, b)
	a := mustOpenSet(t, list)
	if _, err := a.ReaderAt().ReadAt(make([]byte, 1), shards[0].Bytes); !errors.Is(err, ErrShard) {
		t.Error(err)
	}
	if res, err := VerifySet(ctx, list, VerifyOptions{}); err != nil || res.Failed == 0 {
		t.Error(res, err)
	}
}

// The files of a set that is made of an archive have its permissions.
func TestSetPermissions(t *testing.T) {
	name := mustPack(t, shardTree(t), PackOptions{})
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Split(context.Background(), name, SplitOptions{Shards: 2}); err != nil {
		t.Fatal(err)
	}
	list := setNameOf(name, 2).list()
	for range 2 {
		for _, n := range []string{list, list + SidecarSuffix, ShardName(name, 1, 2), ShardName(name, 1, 2) + SidecarSuffix} {
			if fi, err := os.Stat(n); err != nil || fi.Mode().Perm() != 0o640 {
				t.Errorf("%s: %v, %v", n, fi.Mode(), err)
			}
		}
		if err := errors.Join(os.Remove(list), os.Remove(list+SidecarSuffix)); err != nil {
			t.Fatal(err)
		}
		if _, err := IndexSet(context.Background(), list, IndexOptions{}); err != nil {
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

// Without a list, or with a damaged one, or a stale index, a set is read from its shards; IndexSet makes what pack made.
func TestIndexSet(t *testing.T) {
	ctx := context.Background()
	list, shards := packSet(t, shardTree(t), ShardOptions{Shards: 5})
	want := map[string]string{}
	for _, n := range []string{list, list + SidecarSuffix, shards[3].Name + SidecarSuffix} {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		want[n] = string(b)
	}
	for _, ruin := range []func() error{
		func() error { return os.Remove(list) },
		func() error { return os.Remove(list + SidecarSuffix) },
		func() error { return os.WriteFile(list, []byte("tpk set 1\n"), 0o666) },
		func() error { return errors.Join(os.Remove(list), os.Remove(shards[3].Name+SidecarSuffix)) },
		func() error { return copyFile(shards[0].Name+SidecarSuffix, list+SidecarSuffix) },
	} {
		if err := ruin(); err != nil {
			t.Fatal(err)
		}
		said := 0
		a, err := OpenSet(ctx, list, &OpenOptions{Notice: func(error) { said++ }})
		if err != nil {
			t.Fatal(err)
		}
		if said != 1 || !a.Indexed() {
			t.Errorf("%d lines were said, indexed: %v", said, a.Indexed())
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if _, err := IndexSet(ctx, list, IndexOptions{}); err != nil {
			t.Fatal(err)
		}
		for n, b := range want {
			if got, err := os.ReadFile(n); err != nil || string(got) != b {
				t.Errorf("%s is not as it was (%v)", n, err)
			}
		}
	}
}

// A writer that is stopped leaves the old set or the new one: before its list is in its place nothing is seen of the new set, and after it all is there.
func TestSetCommit(t *testing.T) {
	ctx := context.Background()
	list, shards := packSet(t, shardTree(t), ShardOptions{Shards: 4})
	set, _ := parseListName(list)
	dir := filepath.Dir(list)
	want := found(t, dir)

	// Stopped after the list, with the shards from k on still pending.
	for k := range len(shards) + 1 {
		for i := k; i < len(shards); i++ {
			if err := os.Rename(set.shard(i), set.pending(i)); err != nil {
				t.Fatal(err)
			}
			if i > k || k%2 == 0 { // or else the sidecar is in its place already
				if err := os.Rename(set.shard(i)+SidecarSuffix, set.pendingIndex(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		a := mustOpenSet(t, list)
		extract(t, a, t.TempDir(), ExtractOptions{})
		o, err := createSet(filepath.Join(dir, "out.tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := createSet(filepath.Join(dir, "out.tar.gz")); !errors.Is(err, ErrLocked) {
			t.Error(err)
		}
		if err := o.abort(); err != nil {
			t.Fatal(err)
		}
		if got := found(t, dir); !slices.Equal(got, want) {
			t.Errorf("after a stop before shard %d there are %q", k, got)
		}
	}

	// Stopped before the list.
	for _, n := range []string{set.pending(0), set.pending(3), set.pending(60000), set.pendingIndex(2), tempName(list), tempName(list + SidecarSuffix)} {
		writeFile(t, n, []byte("half"))
	}
	o, err := createSet(filepath.Join(dir, "out.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.abort(); err != nil {
		t.Fatal(err)
	}
	if got := found(t, dir); !slices.Equal(got, want) {
		t.Errorf("there are %q", got)
	}

	// Stopped between the renames of a sidecar and its list, of another number of shards.
	other := setName{set.stem, set.ext, 5}.list()
	writeFile(t, tempName(other), []byte("list"))
	writeFile(t, other+SidecarSuffix, []byte("sidecar"))
	if o, err = createSet(filepath.Join(dir, "out.tar.gz")); err != nil {
		t.Fatal(err)
	}
	if err := o.abort(); err != nil {
		t.Fatal(err)
	}
	if got := found(t, dir); !slices.Equal(got, want) {
		t.Errorf("there are %q", got)
	}

	// One that fails leaves nothing, and the set as it was.
	src := tree(t, [2]string{"a", noise("a", 1000)}, [2]string{"b", "b"})
	ctx, cancel := context.WithCancel(ctx)
	_, _, err = PackShards(ctx, src, filepath.Join(dir, "out.tar.gz"), PackOptions{Progress: func(p Progress) {
		if p.Entries == 2 {
			cancel()
		}
	}}, ShardOptions{Size: 100})
	if got := found(t, dir); err == nil || !slices.Equal(got, want) {
		t.Errorf("%v: there are %q", err, got)
	}
}
