package edit_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Entries are added below Into. Its missing directories are created, and others stay as they are.
func TestAddInto(t *testing.T) {
	ctx := context.Background()
	dir := tartest.Tree(t, [2]string{"x/old", "1"})
	if err := os.Chmod(filepath.Join(dir, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	more := tartest.Tree(t, [2]string{"new", "2"}, [2]string{"sub/deep", "1"},
		[2]string{"other", "3"})
	name := tartest.Pack(t, dir, pack.Options{})
	res, err := edit.Add(ctx, name, []string{more + "/sub", more + "/new"},
		edit.AddOptions{Into: "x/y/z"})
	if err != nil {
		t.Fatal(err)
	}
	tartest.WantListing(t, name, "5 x/", "0 x/old 1", "5 x/y/", "5 x/y/z/", "0 x/y/z/new 1",
		"1 x/y/z/deep > x/old")
	if res.Added != 4 || res.Kept != 2 || res.Changed != 0 {
		t.Errorf("%+v", res)
	}
	a := tartest.Open(t, name)
	i, ok, err := a.Index().Lookup("x")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if e, err := a.Index().Entry(i); err != nil || e.Mode != 0o700 {
		t.Errorf("x has mode %o, %v", e.Mode, err)
	}
	for _, o := range []edit.AddOptions{{Into: "x/old"}, {Into: "x/old/z", Replace: true},
		{Into: "x/y/z/deep", Append: true}} { // a file, below it, and a hard link
		res, err = edit.Add(ctx, name, []string{more + "/new"}, o)
		if !errors.Is(err, edit.ErrNotDir) || res.Written {
			t.Errorf("into %s: %+v, %v", o.Into, res, err)
		}
	}
	if _, err := edit.Add(ctx, name, []string{more}, edit.AddOptions{Into: "../x"}); err == nil {
		t.Error("added outside of the archive")
	}
	if _, err := edit.Add(ctx, name, []string{filepath.Join(more, "none")},
		edit.AddOptions{}); err == nil || !strings.Contains(err.Error(), "none") {
		t.Error(err)
	}
}

// Owners are kept through every change; files of different owners are never duplicates.
func TestEditKeepsOwners(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	ctx := context.Background()
	dir := tartest.Tree(t, [2]string{"a", "same"}, [2]string{"b", "same"}, [2]string{"c", "same"},
		[2]string{"d/", ""}, [2]string{"s", "-> a"})
	for name, id := range map[string]int{"b": 1234, "c": 1234, "d": 1235, "s": 1236} {
		if err := os.Lchown(filepath.Join(dir, name), id, id); err != nil {
			t.Fatal(err)
		}
	}
	name := tartest.Pack(t, dir, pack.Options{PreserveOwner: true})
	owners := func() map[string]int {
		k, err := base.Open(ctx, name, 0, &indexed.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		got := map[string]int{}
		for row, err := range k.Index.All(0, k.Index.Len()) {
			if err != nil {
				t.Fatal(err)
			}
			h, err := k.Ref(row.Ordinal, &row.Entry).Header()
			if err != nil {
				t.Fatal(err)
			}
			got[h.Path] = h.UID
		}
		return got
	}
	check := func(after string, want map[string]int) {
		t.Helper()
		got := owners()
		for p, id := range want {
			if got[p] != id {
				t.Errorf("after %s, %s belongs to %d, want %d", after, p, got[p], id)
			}
		}
	}
	want := map[string]int{"a": 0, "b": 1234, "c": 1234, "d": 1235, "s": 1236}
	check("pack", want)
	if _, err := edit.Compact(ctx, name, edit.CompactOptions{}); err != nil {
		t.Fatal(err)
	}
	check("compact", want)
	tartest.WantListing(t, name, "0 a 4", "0 b 4", "1 c > b", "2 s > a", "5 d/")
	if _, err := edit.Remove(ctx, name, []string{"b"}, edit.RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	delete(want, "b")
	check("rm", want)
	tartest.WantListing(t, name, "0 a 4", "0 c 4", "2 s > a", "5 d/")
	if err := os.Chmod(filepath.Join(dir, "c"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := edit.Update(ctx, name, dir, edit.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	want["b"] = 0 // new, and added without PreserveOwner
	check("update", want)
	if err := os.Lchown(filepath.Join(dir, "a"), 77, 77); err != nil {
		t.Fatal(err)
	}
	o := edit.UpdateOptions{}
	o.PreserveOwner = true
	if res, err := edit.Update(ctx, name, dir, o); err != nil || res.Changed != 2 {
		t.Fatalf("%+v, %v", res, err)
	}
	want["a"], want["b"] = 77, 1234
	check("update with owners", want)
}
