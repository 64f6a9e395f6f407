package plan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/plan"
)

// bigTree is a directory whose names sort in another order than its paths.
func bigTree(t *testing.T) string {
	var files [][2]string
	for i := range 150 {
		files = append(files, [2]string{fmt.Sprintf("d%d/s-%d/f%03d", i%3, i%7, i),
			strings.Repeat("x", i*i%977)})
	}
	return tartest.Tree(t, append(files, [2]string{"d1-x", "a"}, [2]string{"d1.y/z", "b"},
		[2]string{"d1/s", "c"}, [2]string{"d1/s-/k", ""}, [2]string{"d1/s-/l", "-> ../s"},
		[2]string{"empty/", ""},
		[2]string{"d2/none/none/", ""}, [2]string{"z", "-> d1"}, [2]string{"\xff\n", "name"})...)
}

// TestSet packs the manifests of plans, and joins the shards. Together they are the archive.
func TestSet(t *testing.T) {
	ctx, dir := context.Background(), bigTree(t)
	o := pack.Options{Dedup: format.DedupOff}
	one := tartest.Pack(t, dir, o)
	want := tartest.OutcomeOf(t, dir, one).Paths
	for _, n := range []int{1, 2, 7, 64, format.MaxShards} {
		out := t.TempDir()
		res, err := plan.Dir(ctx, dir, filepath.Join(out, "plan"), plan.Options{Shards: n})
		if err != nil {
			t.Fatal(err)
		}
		const leaves = 150 + 9
		if len(res.Manifests) != min(n, leaves) || res.Entries != leaves || res.Copies != 0 {
			t.Errorf("%d shards: %d manifests, %d entries, %d copies", n, len(res.Manifests),
				res.Entries, res.Copies)
		}
		var shards, paths []string
		for i, m := range res.Manifests {
			name := format.ShardName(filepath.Join(out, "s.tar.gz"), i, len(res.Manifests))
			o.ExactNames = manifest(t, m)
			if _, err := pack.Dir(ctx, dir, name, o); err != nil {
				t.Fatal(err)
			}
			shards = append(shards, name)
		}
		for _, p := range tartest.OutcomeOf(t, dir, shards...).Paths {
			if !slices.Contains(paths, p) { // a directory may be in several shards
				paths = append(paths, p)
			}
		}
		if !slices.Equal(paths, want) {
			t.Errorf("%d shards: the order is %q, not %q", n, paths, want)
		}
		set := shards[0]
		if len(shards) > 1 {
			set = filepath.Join(out, "s.tar.gz")
			if _, err := tarpack.Reindex(ctx, shards[0], tarpack.ReindexOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		sameEntries(t, set, one)
	}
}

// sameEntries reports the differences between two archives.
func sameEntries(t *testing.T, names ...string) {
	t.Helper()
	var all [2]*tarpack.Archive
	for i, name := range names {
		a, err := tarpack.Open(context.Background(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		all[i] = a
	}
	err := tarpack.Compare(context.Background(), all[0], all[1], func(d tarpack.Difference) error {
		t.Errorf("%+v", d)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestBalance cuts files of equal size into manifests of equal bytes.
func TestBalance(t *testing.T) {
	var files [][2]string
	for i := range 600 {
		files = append(files, [2]string{fmt.Sprintf("%d/%d", i%5, i), strings.Repeat("x", 1000)})
	}
	res, err := plan.Dir(context.Background(), tartest.Tree(t, files...),
		filepath.Join(t.TempDir(), "p"), plan.Options{Shards: 6})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range res.Manifests {
		if m.Entries != 100 || m.Bytes != 100_000 {
			t.Errorf("%+v", m)
		}
	}
}

// TestCopies plans files with several names. A name in another shard than the one before counts.
func TestCopies(t *testing.T) {
	big := strings.Repeat("x", 10_000)
	dir := tartest.Tree(t, [2]string{"a", big}, [2]string{"b", big}, [2]string{"c", big},
		[2]string{"d", big})
	for _, names := range [][2]string{{"a", "a2"}, {"a", "e"}, {"a", "f"}, {"b", "b2"}} {
		if err := os.Link(filepath.Join(dir, names[0]), filepath.Join(dir, names[1])); err != nil {
			t.Fatal(err)
		}
	}
	var notices []error
	res, err := plan.Dir(context.Background(), dir, filepath.Join(t.TempDir(), "p"), plan.Options{
		Shards: 4, Notice: func(err error) { notices = append(notices, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	// a and a2, b and b2, c and d, e and f
	if res.Copies != 1 || len(notices) != 1 || !errors.Is(notices[0], format.ErrOtherShard) ||
		!strings.HasPrefix(notices[0].Error(), "e: ") {
		t.Errorf("%+v, %v", res, notices)
	}
}

// TestSame: the number of goroutines and the order of a list change nothing.
func TestSame(t *testing.T) {
	dir, ctx := bigTree(t), context.Background()
	var want []byte
	check := func(what string, res plan.Result, err error) {
		t.Helper()
		var all []byte
		for _, m := range res.Manifests {
			b, err := os.ReadFile(m.Name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(append(all, b...), '\n')
		}
		if want == nil {
			want = all
		}
		if err != nil || !bytes.Equal(all, want) {
			t.Errorf("%s: %q, %v", what, all, err)
		}
	}
	for _, n := range []int{1, 2, 50} {
		res, err := plan.Dir(ctx, dir, filepath.Join(t.TempDir(), "p"),
			plan.Options{Shards: 5, Workers: n})
		check(fmt.Sprint(n, " goroutines"), res, err)
	}
	var paths []string
	err := filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, p)
		paths = append(paths, rel, "./"+rel+"/")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(paths)
	res, err := plan.List(ctx, dir, list(paths...), filepath.Join(t.TempDir(), "p"),
		plan.ListOptions{Shards: 5})
	check("a list", res, err)
}

// list returns the paths as List takes them.
func list(paths ...string) func(yield func(string, error) bool) {
	return func(yield func(string, error) bool) {
		for _, p := range paths {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func TestErrors(t *testing.T) {
	ctx, top := context.Background(), t.TempDir()
	dir := tartest.Tree(t, [2]string{"d/a", "a"}, [2]string{"l", "-> d"}, [2]string{"f", "f"})
	full := tartest.Tree(t, [2]string{"x", "x"})
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	ofDir := func(ctx context.Context, dir, out string, n int) error {
		_, err := plan.Dir(ctx, dir, out, plan.Options{Shards: n})
		return err
	}
	ofList := func(paths ...string) error {
		_, err := plan.List(ctx, dir, list(paths...), filepath.Join(top, "p"),
			plan.ListOptions{Shards: 1})
		return err
	}
	bad := errors.New("the list is bad")
	_, errBad := plan.List(ctx, dir, func(yield func(string, error) bool) { yield("", bad) },
		filepath.Join(top, "p"), plan.ListOptions{Shards: 1})
	for _, c := range []struct {
		what      string
		got, want error
	}{
		{"no shards", ofDir(ctx, dir, filepath.Join(top, "p"), 0), os.ErrInvalid},
		{"many shards", ofDir(ctx, dir, filepath.Join(top, "p"), 65537), os.ErrInvalid},
		{"no directory", ofDir(ctx, filepath.Join(top, "no"), filepath.Join(top, "p"), 1),
			fs.ErrNotExist},
		{"an empty directory", ofDir(ctx, t.TempDir(), filepath.Join(top, "p"), 1),
			plan.ErrNothing},
		{"output that is there", ofDir(ctx, dir, full, 1), fs.ErrExist},
		{"output that is a file", ofDir(ctx, dir, filepath.Join(full, "x"), 1), fs.ErrExist},
		{"no place for output", ofDir(ctx, dir, filepath.Join(top, "no", "p"), 1), fs.ErrNotExist},
		{"canceled", ofDir(canceled, dir, filepath.Join(top, "p"), 1), context.Canceled},
		{"a missing path", ofList("f", "d/b"), fs.ErrNotExist},
		{"a path below a link", ofList("l/a"), syscall.ENOTDIR},
		{"a path below a file", ofList("f/a"), syscall.ENOTDIR},
		{"a path outside", ofList("../f"), fs.ErrInvalid},
		{"a path that may be outside", ofList("d/../f"), fs.ErrInvalid},
		{"an absolute path", ofList("/f"), fs.ErrInvalid},
		{"an empty path", ofList(""), fs.ErrInvalid},
		{"only the top", ofList("."), plan.ErrNothing},
		{"a bad list", errBad, bad},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", c.what, c.got)
		}
	}
	if left, err := os.ReadDir(top); len(left) > 0 || err != nil {
		t.Errorf("there is %v, %v", left, err)
	}
	if err := ofDir(ctx, dir, t.TempDir(), 1); err != nil { // an empty directory may be replaced
		t.Error(err)
	}
}

// TestInside plans into the planned directory. Its own files are not in the manifests, and what a
// killed run has left is removed.
func TestInside(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"a", "a"})
	out := filepath.Join(dir, "p")
	left := format.TempName(out + ".d")
	if err := os.MkdirAll(filepath.Join(left, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	res, err := plan.Dir(context.Background(), dir, out, plan.Options{Shards: 2})
	if got := outcome(t, res, err).Paths; !slices.Equal(got, []string{"a"}) {
		t.Errorf("%q", got)
	}
	if _, err := os.Lstat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestDeep plans a chain of directories and a wide directory: few descriptors are needed.
func TestDeep(t *testing.T) {
	files := [][2]string{{strings.Repeat("d/", 120) + "f", "deep"}}
	for i := range 400 {
		files = append(files, [2]string{fmt.Sprintf("w/%d/x/y", i), "wide"})
	}
	dir := tartest.Tree(t, files...)
	release := filetest.LimitOpenFiles(t, 256)
	res, err := plan.Dir(context.Background(), dir, filepath.Join(t.TempDir(), "p"),
		plan.Options{Shards: 1})
	release()
	if err != nil || res.Entries != 401 {
		t.Errorf("%+v, %v", res, err)
	}
}

// namesOf yields paths.
func namesOf(paths ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, p := range paths {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// TestNames checks that the paths of a list give the same plan, however many are taken at a time,
// and the one of pack with these names.
func TestNames(t *testing.T) {
	var list [][2]string
	for i := range 50 {
		list = append(list, [2]string{fmt.Sprintf("%d/%d/%d", i%3, i%7, i), fmt.Sprint(i)})
	}
	dir := tartest.Tree(t, append(list, [2]string{"0/link", "=> 0/0/0"}, [2]string{"e/e/", ""})...)
	names := []string{"1/2/37", "e", "0/link", "2/", "./1/6", "2/6/20", "0/3", "1/2/16"}
	leaveOut := new(exclude.Patterns)
	if err := leaveOut.Add("44"); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, size := range []int{1 << 16, 1, 3} {
		defer plan.SetMaxNames(plan.SetMaxNames(size))
		res, err := plan.Names(t.Context(), dir, namesOf(names...), filepath.Join(t.TempDir(), "p"),
			plan.Options{Shards: 1, Exclude: leaveOut})
		if err != nil {
			t.Fatal(err)
		}
		got := manifest(t, res.Manifests[0])
		if want == nil {
			want = got
			if len(got) < 20 || !slices.Contains(got, "e/e") || slices.Contains(got, "2/2/44") {
				t.Errorf("%q", got)
			}
		}
		if !slices.Equal(got, want) || int64(len(want)) != res.Entries {
			t.Errorf("%d at a time: %q, want %q", size, got, want)
		}
	}
	_, err := plan.Names(t.Context(), dir, namesOf(append(names, "missing")...),
		filepath.Join(t.TempDir(), "p"), plan.Options{Shards: 1})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
