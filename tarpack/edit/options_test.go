package edit_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
)

// same is a file with the same size and time in two trees, but with other content.
func same(content string) [2]string { return [2]string{"same", content} }

// singleOption is the field Single. edit changes the set that name stands for, or with single its
// first shard alone. Then the set does not fit its list.
func singleOption(t *testing.T, edit func(name string, single bool) error) tartest.Option {
	fits := func(single bool) bool {
		out := filepath.Join(t.TempDir(), "out.tar.gz")
		dir := tartest.Tree(t, [2]string{"a", "a"}, [2]string{"b", "b"}, [2]string{"x.log", ""})
		set, err := shard.Pack(context.Background(), dir, out, shard.PackOptions{Shards: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := edit(set.Shards[0].Name, single); err != nil {
			t.Fatal(err)
		}
		a, err := tarpack.Open(context.Background(), set.Shards[0].Name,
			&tarpack.OpenOptions{RequireSidecar: true})
		if err != nil && !errors.Is(err, format.ErrShard) {
			t.Fatal(err)
		}
		if err == nil {
			a.Close()
		}
		return err == nil
	}
	return tartest.Option{Field: "Single", Value: true, Effect: func(_, _ *tartest.Outcome) bool {
		return fits(false) && !fits(true)
	}}
}

func TestUpdateOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o edit.UpdateOptions) *tartest.Outcome {
		name := tartest.Pack(t, tartest.Tree(t, same("old"), [2]string{"gone", ""}), pack.Options{})
		dir := tartest.OptionsTree(t, same("new"), tartest.Sibling("x.log", "a log"))
		if o.OneFileSystem {
			tartest.Mount(t, dir)
		}
		if _, err := edit.Update(context.Background(), name, dir, o); err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, filepath.Dir(name), name)
	}, append(slices.Concat(tartest.PackingOptions(t), tartest.DirOptions()),
		tartest.SiblingsOption(), tartest.DryRunOption(),
		singleOption(t, func(name string, single bool) error {
			dir := tartest.Tree(t, [2]string{"new", "new"})
			_, err := edit.Update(context.Background(), name, dir, edit.UpdateOptions{Single: single})
			return err
		}), tartest.Option{
			Field: "Checksum", Value: true, Effect: becomesNew,
		}, tartest.Option{
			Field: "Keep", Value: true, Effect: func(zero, set *tartest.Outcome) bool {
				return !slices.Contains(zero.Paths, "gone") && slices.Contains(set.Paths, "gone")
			},
		})...)
}

// becomesNew reports whether the option is what gives "same" its new content.
func becomesNew(zero, set *tartest.Outcome) bool {
	return zero.Entries["same"].Content == "old" && set.Entries["same"].Content == "new"
}

func TestAddOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o edit.AddOptions) *tartest.Outcome {
		name := tartest.Pack(t, tartest.Tree(t, same("old")), pack.Options{})
		dir := tartest.OptionsTree(t, same("newer"))
		if o.OneFileSystem {
			tartest.Mount(t, dir)
		}
		added := []string{dir}
		if _, err := edit.Add(context.Background(), name, added, o); err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, filepath.Dir(name), name)
	}, append(tartest.PackingOptions(t), tartest.DryRunOption(), singleOption(t, func(
		name string, single bool,
	) error {
		added := []string{tartest.Tree(t, [2]string{"new", "new"})}
		_, err := edit.Add(context.Background(), name, added, edit.AddOptions{Single: single})
		return err
	}), tartest.Option{
		Field: "Replace", Value: true, Effect: func(zero, set *tartest.Outcome) bool {
			return zero.Entries["same"].Content == "old" && set.Entries["same"].Content == "newer"
		},
	}, tartest.Option{
		Field: "Into", Value: "dir", Effect: func(_, set *tartest.Outcome) bool {
			return slices.Contains(set.Paths, "dir/a.txt") && !slices.Contains(set.Paths, "a.txt")
		},
	}, tartest.Option{
		Field: "Append", Value: true, Effect: func(zero, set *tartest.Outcome) bool {
			return zero.Paths[0] == "a.txt" && set.Paths[0] == "same"
		},
	})...)
}

// unsorted returns an archive out of path order, with duplicates as files and without a sidecar.
func unsorted(t *testing.T) string {
	t.Helper()
	name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{Dedup: format.DedupOff})
	first := tartest.Tree(t, [2]string{"0", "first in path order"})
	tartest.Append(t, name, edit.AddOptions{}, first)
	if err := os.Remove(name + format.SidecarSuffix); err != nil { // for Notice
		t.Fatal(err)
	}
	return name
}

func TestRemoveOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o edit.RemoveOptions) *tartest.Outcome {
		name := unsorted(t)
		if _, err := edit.Remove(context.Background(), name, []string{"x.log"}, o); err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, filepath.Dir(name), name)
	}, tartest.WorkersOption(), tartest.DedupOption(), tartest.DryRunOption(), singleOption(t, func(
		name string, single bool,
	) error {
		_, err := edit.Remove(context.Background(), name, []string{"a"},
			edit.RemoveOptions{Single: single})
		return err
	}))
}

func TestCompactOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o edit.CompactOptions) *tartest.Outcome {
		name := unsorted(t)
		if _, err := edit.Compact(context.Background(), name, o); err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, filepath.Dir(name), name)
	}, tartest.WorkersOption(), tartest.DedupOption(), tartest.SHA256Option(),
		tartest.DryRunOption(), singleOption(t, func(
			name string, single bool,
		) error {
			appended := []string{tartest.Tree(t, [2]string{"0", "0"})}
			if _, err := edit.Add(context.Background(), name, appended,
				edit.AddOptions{Single: true, Append: true}); err != nil {
				return err
			}
			if _, err := tarpack.Reindex(context.Background(), name, tarpack.ReindexOptions{}); err != nil {
				return err
			}
			_, err := edit.Compact(context.Background(), name, edit.CompactOptions{Single: single})
			return err
		}))
}

func TestMergeOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o edit.MergeOptions) *tartest.Outcome {
		names := []string{
			tartest.Pack(t, tartest.OptionsTree(t, same("new")),
				pack.Options{Dedup: format.DedupOff}),
			tartest.Pack(t, tartest.Tree(t, same("old")), pack.Options{}),
		}
		if err := os.Remove(names[1] + format.SidecarSuffix); err != nil { // for Notice
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "out.tar.gz")
		if _, err := edit.Merge(context.Background(), out, names, o); err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, filepath.Dir(out), out)
	}, tartest.WorkersOption(), tartest.DedupOption(), tartest.SHA256Option(),
		tartest.DryRunOption(), singleOption(t, func(
			name string, single bool,
		) error {
			other := tartest.Pack(t, tartest.Tree(t, [2]string{"new", "new"}), pack.Options{})
			_, err := edit.Merge(context.Background(), name, []string{name, other},
				edit.MergeOptions{Single: single})
			return err
		}), tartest.Option{
			Field: "First", Value: true, Effect: becomesNew,
		})
}
