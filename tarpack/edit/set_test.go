package edit_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
)

// A set is a directory that was packed into shards.
type set struct {
	t    *testing.T
	dir  string
	name format.SetName
	was  []os.FileInfo // of the shards before the last edit
}

// newSet packs files, each its path and content, into n shards of about the same content.
func newSet(t *testing.T, n int, files ...[2]string) *set {
	t.Helper()
	s := &set{t: t, dir: tartest.Tree(t, files...)}
	s.pack(n)
	return s
}

func (s *set) pack(n int) {
	s.t.Helper()
	out := filepath.Join(s.t.TempDir(), "out.tar.gz")
	_, err := shard.Pack(context.Background(), s.dir, out, shard.PackOptions{Shards: n})
	if err != nil {
		s.t.Fatal(err)
	}
	s.name = format.SetNameOf(out, n)
	s.note()
}

// note remembers the files of the shards.
func (s *set) note() {
	s.was = nil
	for i := range s.name.N {
		fi, err := os.Stat(s.name.Shard(i))
		if err != nil {
			s.t.Fatal(err)
		}
		s.was = append(s.was, fi)
	}
}

// do checks the result of an edit: the shards that were written, and that the set is sound and, if
// tree is set, equal to the directory.
func (s *set) do(res edit.Result, err error, tree bool, want ...int) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	var got []int
	for i, was := range s.was {
		if fi, err := os.Stat(s.name.Shard(i)); err != nil || !os.SameFile(fi, was) {
			got = append(got, i)
		}
	}
	if !slices.Equal(got, want) || res.Written != (len(want) > 0) {
		s.t.Errorf("shards %v were written (%v), want %v", got, res.Written, want)
	}
	tartest.WantSound(s.t, s.name.Shard(0))
	if tree {
		s.compare(tartest.Pack(s.t, s.dir, pack.Options{}))
	}
	names, err := os.ReadDir(filepath.Dir(s.name.Stem))
	if err != nil || len(names) != 2*s.name.N+2 {
		s.t.Errorf("the files are %v, %v", names, err)
	}
	s.note()
}

// compare checks that the set has the entries of an archive.
func (s *set) compare(name string) {
	s.t.Helper()
	ctx, o := context.Background(), &tarpack.OpenOptions{RequireSidecar: true}
	a, err := tarpack.Open(ctx, name, o)
	if err != nil {
		s.t.Fatal(err)
	}
	defer a.Close()
	b, err := tarpack.Open(ctx, s.name.Shard(0), o)
	if err != nil {
		s.t.Fatal(err)
	}
	defer b.Close()
	err = tarpack.Compare(ctx, a, b, func(d tarpack.Difference) error {
		s.t.Errorf("%v %s %v", d.Kind, d.Path, d.What)
		return nil
	})
	if err != nil {
		s.t.Error(err)
	}
}

// paths returns the paths in a shard other than the first.
func (s *set) paths(i int) string {
	s.t.Helper()
	a, err := tarpack.Open(context.Background(), s.name.Shard(i), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer a.Close()
	var paths []string
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			s.t.Fatal(err)
		}
		paths = append(paths, string(row.Path))
	}
	return strings.Join(paths, " ")
}

func (s *set) update() (edit.Result, error) {
	return edit.Update(context.Background(), s.name.Shard(0), s.dir, edit.UpdateOptions{})
}

func (s *set) remove(paths ...string) (edit.Result, error) {
	return edit.Remove(context.Background(), s.name.Shard(0), paths, edit.RemoveOptions{})
}

// change makes a change below the directory. All directories get one time, so that only what is
// changed differs.
func (s *set) change(change func(path func(string) string) error) {
	s.t.Helper()
	at := time.Unix(1_500_000_000, 0)
	err := change(func(p string) string { return filepath.Join(s.dir, p) })
	err = errors.Join(err, filepath.WalkDir(s.dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chtimes(p, at, at)
		}
		return err
	}))
	if err != nil {
		s.t.Fatal(err)
	}
}

// inThree is a tree that three shards divide: a and b, d/c and d/e, d/f and g.
func inThree(t *testing.T) *set {
	t.Helper()
	text := strings.Repeat("content of a file\n", 4000)
	s := newSet(t, 1, [2]string{"a", text + strings.Repeat("a", 300)}, [2]string{"b", text + "b"},
		[2]string{"d/c", text + "c"}, [2]string{"d/e", text + "e"},
		[2]string{"d/f", text + "f"}, [2]string{"g/h", text + "h"})
	s.change(func(func(string) string) error { return nil })
	s.pack(3)
	if one, two := s.paths(1), s.paths(2); one != "d d/c d/e" || two != "d d/f g g/h" {
		t.Fatalf("the shards have %s and %s", one, two)
	}
	return s
}

// Only the shards that change are written. An entry stays where its path was; a new one goes where
// the one before it is.
func TestEditSet(t *testing.T) {
	filetest.NeedSymlinks(t)
	write := func(p, content string) error { return os.WriteFile(p, []byte(content), 0o644) }
	for _, c := range []struct {
		name   string
		change func(path func(string) string) error
		shards []int
	}{
		{"nothing", func(func(string) string) error { return nil }, nil},
		{"a file", func(at func(string) string) error { return write(at("d/e"), "new") }, []int{1}},
		{"two files", func(at func(string) string) error {
			return errors.Join(write(at("a"), "new"), write(at("g/h"), "new"))
		}, []int{0, 2}},
		{"a new file in each", func(at func(string) string) error {
			return errors.Join(write(at("a0"), "1"), write(at("d/d"), "2"), write(at("g/z"), "3"))
		}, []int{0, 1, 2}},
		{"a new file at the start", func(at func(string) string) error { return write(at("0"), "1") },
			[]int{0}},
		{"a new directory", func(at func(string) string) error {
			return errors.Join(os.MkdirAll(at("d/sub/sub"), 0o755), write(at("d/sub/sub/x"), "1"))
		}, []int{2}},
		{"a file less", func(at func(string) string) error { return os.Remove(at("d/c")) }, []int{1}},
		{"all of a shard", func(at func(string) string) error {
			return errors.Join(os.Remove(at("d/c")), os.Remove(at("d/e")))
		}, []int{1}},
		{"a directory in two shards", func(at func(string) string) error { return os.RemoveAll(at("d")) },
			[]int{1, 2}},
		{"its mode", func(at func(string) string) error { return os.Chmod(at("d"), 0o700) }, []int{1, 2}},
		{"a file for a directory in two shards", func(at func(string) string) error {
			return errors.Join(os.RemoveAll(at("d")), write(at("d"), "a file"))
		}, []int{1, 2}},
		{"a link for it", func(at func(string) string) error {
			return errors.Join(os.RemoveAll(at("d")), os.Symlink("a", at("d")))
		}, []int{1, 2}},
		{"a directory for a file", func(at func(string) string) error {
			return errors.Join(os.Remove(at("b")), os.Mkdir(at("b"), 0o755), write(at("b/x"), "x"))
		}, []int{0}},
		{"a duplicate in another shard", func(at func(string) string) error {
			b, err := os.ReadFile(at("a"))
			return errors.Join(err, write(at("g/same"), string(b)))
		}, []int{2}},
		{"another name in another shard", func(at func(string) string) error {
			return os.Link(at("a"), at("g/again"))
		}, []int{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := inThree(t)
			s.change(c.change)
			res, err := s.update()
			s.do(res, err, true, c.shards...)
			res, err = s.update()
			s.do(res, err, true)
		})
	}
}

// If only the time of a directory changes, that in its first shard counts, and the others stay.
func TestEditSetTimeOfDirectory(t *testing.T) {
	s := inThree(t)
	at := time.Unix(1_400_000_000, 0)
	if err := os.Chtimes(filepath.Join(s.dir, "d"), at, at); err != nil {
		t.Fatal(err)
	}
	res, err := s.update()
	s.do(res, err, true, 1)
	res, err = s.update()
	s.do(res, err, true)
}

// remove, add and compact work on sets. A shard keeps the directories that it has.
func TestEditSetByOtherCommands(t *testing.T) {
	s := inThree(t)
	ctx, name := context.Background(), s.name.Shard(0)
	res, err := s.remove("d/*")
	s.do(res, err, false, 1, 2)
	if one, two := s.paths(1), s.paths(2); one != "d" || two != "d g g/h" {
		t.Errorf("the shards have %s and %s", one, two)
	}
	added := tartest.Tree(t, [2]string{"d/a", "a"}, [2]string{"b", "not added"}, [2]string{"h/i", "i"})
	res, err = edit.Add(ctx, name, []string{added}, edit.AddOptions{})
	s.do(res, err, false, 1, 2)
	if res.Added != 3 || res.Ignored != 1 {
		t.Errorf("added: %+v", res)
	}
	if one, two := s.paths(1), s.paths(2); one != "d d/a" || two != "d g g/h h h/i" {
		t.Errorf("the shards have %s and %s", one, two)
	}
	res, err = edit.Compact(ctx, name, edit.CompactOptions{})
	s.do(res, err, false)
	res, err = edit.Update(ctx, name, s.dir, edit.UpdateOptions{DryRun: true})
	s.do(res, err, false)
	if res.Added != 3 || res.Removed != 3 {
		t.Errorf("a dry run: %+v", res)
	}
	res, err = s.update()
	s.do(res, err, true, 1, 2)
}

// A shard that has grown out of order is compacted, and the others keep their files.
func TestCompactSet(t *testing.T) {
	s := inThree(t)
	ctx := context.Background()
	_, err := edit.Add(ctx, s.name.Shard(1), []string{tartest.Tree(t, [2]string{"c", "c"})},
		edit.AddOptions{Append: true, Single: true})
	if err == nil {
		_, err = tarpack.Reindex(ctx, s.name.Shard(0), tarpack.ReindexOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	s.note()
	res, err := edit.Compact(ctx, s.name.Shard(0), edit.CompactOptions{})
	s.do(res, err, false, 1)
}

// Shards that were packed alone become a set once they are indexed. Their entries are in any order.
func TestEditSetOfOthers(t *testing.T) {
	ctx := context.Background()
	s := newSet(t, 1, [2]string{"d/a", "a"}, [2]string{"d/b", "b"}, [2]string{"z", "z"})
	s.change(func(func(string) string) error { return nil })
	s.name = format.SetNameOf(filepath.Join(t.TempDir(), "out.tar.gz"), 3)
	for i, except := range []string{"a,z", "b,z", "d"} {
		tree := filepath.Join(t.TempDir(), "tree")
		err := os.CopyFS(tree, os.DirFS(s.dir))
		for _, p := range strings.Split(except, ",") {
			err = errors.Join(err, os.RemoveAll(filepath.Join(tree, p)),
				os.RemoveAll(filepath.Join(tree, "d", p)))
		}
		if err == nil {
			_, err = pack.Dir(ctx, tree, s.name.Shard(i), pack.Options{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tarpack.Reindex(ctx, s.name.Shard(0), tarpack.ReindexOptions{}); err != nil {
		t.Fatal(err)
	}
	s.note()
	s.change(func(at func(string) string) error {
		return errors.Join(os.WriteFile(at("d/aa"), []byte("aa"), 0o644), os.RemoveAll(at("z")))
	})
	res, err := s.update()
	s.do(res, err, true, 0, 1, 2)
	res, err = s.remove("d")
	s.do(res, err, false, 0, 1)
}

// A file with several names is stored once in each shard, and an update knows it again.
func TestEditSetNames(t *testing.T) {
	s := inThree(t)
	s.change(func(at func(string) string) error {
		return errors.Join(os.Link(at("a"), at("d/c2")), os.Link(at("a"), at("d/c3")),
			os.Link(at("a"), at("g/a")), os.Link(at("a"), at("a2")))
	})
	res, err := s.update()
	s.do(res, err, true, 0, 1, 2)
	res, err = s.update()
	s.do(res, err, true)
	s.change(func(at func(string) string) error { return os.Remove(at("d/c2")) })
	res, err = s.update()
	s.do(res, err, true, 1)
}

// merge takes sets, and merges into one of them.
func TestMergeSets(t *testing.T) {
	ctx := context.Background()
	one := tartest.Pack(t, tartest.Tree(t, [2]string{"d/c", "other"},
		[2]string{"d/d", "new"}, [2]string{"x", "x"}), pack.Options{})
	for first, shards := range map[bool][]int{
		false: {0, 1, 2}, // d has another time, and so a header to take
		true:  {0, 1},
	} {
		s := inThree(t)
		want, out := filepath.Join(t.TempDir(), "want.tar.gz"), filepath.Join(t.TempDir(), "o.tar.gz")
		whole := tartest.Pack(t, s.dir, pack.Options{})
		o := edit.MergeOptions{First: first}
		for to, names := range map[string][]string{want: {whole, one}, out: {s.name.Shard(0), one}} {
			if _, err := edit.Merge(ctx, to, names, o); err != nil {
				t.Fatal(err)
			}
		}
		wantBytes, err := os.ReadFile(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(out); err != nil || string(got) != string(wantBytes) {
			t.Errorf("first %v: merging a set is not merging its archive: %v", first, err)
		}
		res, err := edit.Merge(ctx, s.name.Shard(0), []string{s.name.Shard(0), one}, o)
		s.do(res, err, false, shards...)
		s.compare(out)
		res, err = edit.Merge(ctx, s.name.Shard(0), []string{s.name.Shard(0), one}, o)
		s.do(res, err, false)
	}
}

// What is no whole set, or a part of one, is refused, and nothing changes.
func TestEditSetRefuses(t *testing.T) {
	ctx := context.Background()
	remove := func(name string) error {
		_, err := edit.Remove(ctx, name, []string{"d"}, edit.RemoveOptions{})
		return err
	}
	for _, c := range []struct {
		name  string
		spoil func(s *set) error
		edit  func(s *set) error
		want  error
	}{
		{"another shard", nil, func(s *set) error { return remove(s.name.Shard(1)) }, format.ErrPart},
		{"append", nil, func(s *set) error {
			_, err := edit.Add(ctx, s.name.Shard(0), []string{s.dir}, edit.AddOptions{Append: true})
			return err
		}, format.ErrAppend},
		{"append to another shard", nil, func(s *set) error {
			_, err := edit.Add(ctx, s.name.Shard(2), []string{s.dir}, edit.AddOptions{Append: true})
			return err
		}, format.ErrPart},
		{"merge over the set", nil, func(s *set) error {
			one := tartest.Pack(t, s.dir, pack.Options{})
			_, err := edit.Merge(ctx, s.name.Shard(0), []string{one}, edit.MergeOptions{})
			return err
		}, format.ErrPart},
		{"merge over a shard", nil, func(s *set) error {
			one := tartest.Pack(t, s.dir, pack.Options{})
			_, err := edit.Merge(ctx, s.name.Shard(1), []string{one}, edit.MergeOptions{})
			return err
		}, format.ErrShardName},
		{"no list", func(s *set) error { return os.Remove(s.name.List()) },
			func(s *set) error { return remove(s.name.Shard(0)) }, format.ErrNoList},
		{"no list, by another shard", func(s *set) error { return os.Remove(s.name.List()) },
			func(s *set) error { return remove(s.name.Shard(2)) }, format.ErrNoList},
		{"a damaged list", func(s *set) error { return os.Truncate(s.name.List(), 3) },
			func(s *set) error { return remove(s.name.Shard(0)) }, format.ErrNoList},
		{"a missing shard", func(s *set) error { return os.Remove(s.name.Shard(1)) },
			func(s *set) error { return remove(s.name.Shard(0)) }, format.ErrShard},
		{"a shard of another set", func(s *set) error {
			return os.Rename(tartest.Pack(t, s.dir, pack.Options{}), s.name.Shard(2))
		}, func(s *set) error { return remove(s.name.Shard(0)) }, format.ErrShard},
		{"another writer", nil, func(s *set) error {
			o, err := shardset.Create(s.name.Archive())
			if err != nil {
				return err
			}
			return errors.Join(remove(s.name.Shard(0)), o.Unlock())
		}, format.ErrLocked},
		{"another writer, and one shard", nil, func(s *set) error {
			o, err := shardset.Create(s.name.Archive())
			if err != nil {
				return err
			}
			one := s.name.Shard(1)
			_, err = edit.Merge(ctx, one, []string{one}, edit.MergeOptions{Single: true})
			return errors.Join(err, o.Unlock())
		}, format.ErrLocked},
		{"merge over a shard alone", nil, func(s *set) error {
			_, err := edit.Merge(ctx, s.name.Shard(1), []string{s.name.Shard(0)},
				edit.MergeOptions{Single: true})
			return err
		}, format.ErrShardName},
		{"merge under the name of the set", nil, func(s *set) error {
			one := tartest.Pack(t, s.dir, pack.Options{})
			_, err := edit.Merge(ctx, s.name.Archive(), []string{one}, edit.MergeOptions{})
			return err
		}, format.ErrHidesSet},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := inThree(t)
			if c.spoil != nil {
				if err := c.spoil(s); err != nil {
					t.Fatal(err)
				}
			}
			before := readAll(t, filepath.Dir(s.name.Stem))
			if err := c.edit(s); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if after := readAll(t, filepath.Dir(s.name.Stem)); !maps.Equal(before, after) {
				t.Error("the files have changed")
			}
		})
	}
}

// readAll returns the contents of the files in a directory, by name.
func readAll(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		var b []byte
		if err == nil {
			b, err = os.ReadFile(filepath.Join(dir, e.Name()))
		}
		all[e.Name()] = string(b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}
