package plan_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/plan"
)

// optionsTree is a directory in which every option of Dir and List has an effect.
func optionsTree(t *testing.T) string {
	files := [][2]string{
		{"a.txt", "a"}, {"x.log", "log"}, {"link", "-> a.txt"}, {"other/f", ""}, {"two", "2"},
	}
	for i := range 40 {
		files = append(files, [2]string{"many/" + string(rune('A'+i)), "x"})
	}
	dir := tartest.Tree(t, files...)
	if err := filetest.Mkfifo(filepath.Join(dir, "pipe")); err != nil && filetest.HasFIFOs {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "two"), filepath.Join(dir, "zzz")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// outcome returns the paths of all manifests, and their names.
func outcome(t *testing.T, res plan.Result, err error) *tartest.Outcome {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var o tartest.Outcome
	for _, m := range res.Manifests {
		o.Files = append(o.Files, filepath.Base(m.Name))
		o.Paths = append(o.Paths, manifest(t, m)...)
	}
	return &o
}

// manifest returns the paths of a manifest.
func manifest(t *testing.T, m plan.Manifest) []string {
	t.Helper()
	b, err := os.ReadFile(m.Name)
	if err != nil || !bytes.HasSuffix(b, []byte{0}) {
		t.Fatalf("%q, %v", b, err)
	}
	paths := strings.Split(string(b[:len(b)-1]), "\x00")
	if int64(len(paths)) != m.Entries {
		t.Errorf("%s: %d paths instead of %d", m.Name, len(paths), m.Entries)
	}
	return paths
}

// options returns the options with these names.
func options(t *testing.T, names ...string) []tartest.Option {
	t.Helper()
	all := []tartest.Option{
		{Field: "Shards", Value: 3, Effect: func(_, set *tartest.Outcome) bool {
			return len(set.Files) == 3
		}},
		{Field: "Dereference", Value: true, Effect: func(zero, set *tartest.Outcome) bool {
			// A file comes before the others.
			return slices.Index(zero.Paths, "link") > slices.Index(zero.Paths, "two") &&
				slices.Index(set.Paths, "link") < slices.Index(set.Paths, "two")
		}},
		{Field: "Special", Value: true, Effect: func(zero, set *tartest.Outcome) bool {
			return !slices.Contains(zero.Paths, "pipe") && slices.Contains(set.Paths, "pipe")
		}},
	}
	for _, o := range tartest.PackingOptions(t) {
		if slices.Contains([]string{"Exclude", "Include", "OneFileSystem", "Workers"}, o.Field) {
			all = append(all, o)
		}
	}
	return slices.DeleteFunc(all, func(o tartest.Option) bool {
		return !slices.Contains(names, o.Field)
	})
}

func TestOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o plan.Options) *tartest.Outcome {
		dir := optionsTree(t)
		if o.Shards == 0 {
			o.Shards = 2
		}
		if o.OneFileSystem {
			tartest.Mount(t, dir)
		}
		res, err := plan.Dir(context.Background(), dir, filepath.Join(t.TempDir(), "p"), o)
		return outcome(t, res, err)
	}, options(t, "Shards", "Dereference", "Special", "Exclude", "Include",
		"OneFileSystem", "Workers")...)
}

func TestListOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o plan.ListOptions) *tartest.Outcome {
		if o.Shards == 0 {
			o.Shards = 2
		}
		// The goroutines wait for the rest of the list when the first entry is counted.
		seen, once, progress := make(chan struct{}), sync.Once{}, o.Progress
		o.Progress = func(p format.Progress) {
			progress(p)
			once.Do(func() { close(seen) })
		}
		paths := func(yield func(string, error) bool) {
			for range 256 { // what a goroutine gets at once
				if !yield("two", nil) {
					return
				}
			}
			<-seen
			for _, p := range []string{"x.log", "link", "two", "pipe", "other/", "./many/A"} {
				if !yield(p, nil) {
					return
				}
			}
		}
		res, err := plan.List(context.Background(), optionsTree(t), paths,
			filepath.Join(t.TempDir(), "p"), o)
		return outcome(t, res, err)
	}, options(t, "Shards", "Dereference", "Special", "Exclude", "Workers")...)
}

func TestInventoryOptions(t *testing.T) {
	csv := filepath.Join(t.TempDir(), "csv")
	const text = "b,two,1,20,true,false\nb,one,1,10,false,false\nb,c,3,30,true,false\n"
	if err := os.WriteFile(csv, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	schema := tartest.Option{
		Field: "Schema", Value: "Bucket, Key, VersionId, Size, IsLatest, IsDeleteMarker",
		Effect: func(zero, set *tartest.Outcome) bool {
			return slices.Equal(zero.Paths, []string{"c", "one", "two"}) &&
				slices.Equal(set.Paths, []string{"c", "two"})
		},
	}
	tartest.CheckOptions(t, func(t *testing.T, o plan.InventoryOptions) *tartest.Outcome {
		if o.Shards == 0 {
			o.Shards = 2
		}
		res, err := plan.Inventory(context.Background(), []string{csv},
			filepath.Join(t.TempDir(), "p"), o)
		return outcome(t, res, err)
	}, append(options(t, "Shards"), schema)...)
}
