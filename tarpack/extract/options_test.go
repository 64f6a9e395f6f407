package extract

import (
	"archive/tar"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

func TestOptions(t *testing.T) {
	tree := tartest.OptionsTree(t, [2]string{"dir/f", ""})
	if os.Getuid() == 0 { // as that of a.txt, so that it is a duplicate
		if err := os.Chown(filepath.Join(tree, "b.txt"), 1000, 1000); err != nil {
			t.Fatal(err)
		}
	}
	name := tartest.Pack(t, tree,
		pack.Options{Special: true, PreserveOwner: true})
	var patterns exclude.Patterns
	if err := patterns.Add("*.log"); err != nil {
		t.Fatal(err)
	}
	damageIndex(t, name+format.SidecarSuffix) // for Notice
	tartest.CheckOptions(t, func(t *testing.T, o Options) *tartest.Outcome {
		dir := t.TempDir()
		if o.KeepOldFiles {
			tartest.WriteFile(t, filepath.Join(dir, "x.log"), []byte("old"))
		}
		if _, err := Extract(context.Background(), tartest.Open(t, name), dir, o); err != nil {
			t.Fatal(err)
		}
		out := tartest.OutcomeOf(t, dir)
		if sameFile(filepath.Join(dir, "a.txt"), filepath.Join(dir, "b.txt")) {
			out.Entries["b.txt"] = tartest.Entry{Header: tar.Header{Typeflag: tar.TypeLink}}
		}
		for _, name := range []string{"a.txt", "x.log"} {
			if fi, err := os.Stat(filepath.Join(dir, name)); err == nil {
				h := tar.Header{Uid: durable.StatOf(fi).UID}
				content := string(tartest.Read(t, filepath.Join(dir, name)))
				out.Entries[name] = tartest.Entry{Header: h, Content: content}
			}
		}
		return out
	}, tartest.WorkersOption(), tartest.Option{
		Field: "Paths", Value: []string{"dir"}, Effect: func(_, set *tartest.Outcome) bool {
			return slices.Equal(set.Files, []string{"dir", "dir/f"})
		},
	}, tartest.Option{
		Field: "Exclude", Value: &patterns, Effect: func(zero, set *tartest.Outcome) bool {
			return slices.Contains(zero.Files, "x.log") && !slices.Contains(set.Files, "x.log") &&
				slices.Contains(set.Files, "dir/f")
		},
	}, tartest.Option{
		Field: "StripComponents", Value: 1, Effect: func(_, set *tartest.Outcome) bool {
			return slices.Contains(set.Files, "007") && !slices.Contains(set.Files, "x.log")
		},
	}, tartest.Option{
		Field: "KeepOldFiles", Value: true, Effect: func(zero, set *tartest.Outcome) bool {
			return zero.Entries["x.log"].Content == "a log" && set.Entries["x.log"].Content == "old"
		},
	}, tartest.Option{
		Field: "SameOwner", Value: true, Effect: func(zero, set *tartest.Outcome) bool {
			if os.Getuid() != 0 {
				t.Skip("only root can set owners")
			}
			return zero.Entries["a.txt"].Uid == 0 && set.Entries["a.txt"].Uid == 1000
		},
	}, tartest.Option{
		Field: "HardLinks", Value: true, Effect: func(zero, set *tartest.Outcome) bool {
			_, link := zero.Entries["b.txt"]
			return !link && set.Entries["b.txt"].Typeflag == tar.TypeLink
		},
	}, tartest.Option{
		Field: "Special", Value: true, Effect: func(zero, set *tartest.Outcome) bool {
			return !slices.Contains(zero.Files, "pipe") && slices.Contains(set.Files, "pipe")
		},
	})
}

// damageIndex changes a byte of a sidecar so that its digests do not match, but opening it
// succeeds.
func damageIndex(t *testing.T, name string) {
	t.Helper()
	b := tartest.Read(t, name)
	b[len(b)-1] ^= 1
	tartest.WriteFile(t, name, b)
	x, err := sidecar.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if x.Verify() == nil {
		t.Fatal("the damage is not noticed")
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}
