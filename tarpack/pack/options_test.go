package pack_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

func TestOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o pack.Options) *tartest.Outcome {
		dir := tartest.OptionsTree(t, tartest.Sibling("x.log", "a log"))
		out := filepath.Join(t.TempDir(), "out.tar.gz")
		if o.OneFileSystem {
			tartest.Mount(t, dir)
		}
		undo := tartest.Unreadable(t, dir, o.SkipUnreadable)
		_, err := pack.Dir(context.Background(), dir, out, o)
		undo()
		if err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, dir, out)
	}, slices.Concat(tartest.PackingOptions(t), tartest.DirOptions(),
		[]tartest.Option{
			baseOption(t), tartest.SiblingsOption(), tartest.SHA256Option(), tartest.RemoveFilesOption(),
			tartest.SkipUnreadableOption(), tartest.EmbedIndexOption(),
		})...)
}

// baseOption is the field Base: an archive with other bytes of the same size and time.
func baseOption(t *testing.T) tartest.Option {
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"x.log", "a LOG"}), pack.Options{})
	return tartest.Option{Field: "Base", Value: name, Effect: func(zero, set *tartest.Outcome) bool {
		return zero.Entries["x.log"].Content == "a log" && set.Entries["x.log"].Content == "a LOG"
	}}
}

func TestStreamOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o pack.StreamOptions) *tartest.Outcome {
		dir, out := tartest.OptionsTree(t), &bytes.Buffer{}
		if o.OneFileSystem {
			tartest.Mount(t, dir)
		}
		undo := tartest.Unreadable(t, dir, o.SkipUnreadable)
		_, err := pack.Stream(context.Background(), dir, out, o)
		undo()
		if err != nil {
			t.Fatal(err)
		}
		res := tartest.OutcomeOf(t, dir)
		res.AddArchive(t, out.Bytes())
		return res
	}, slices.Concat(tartest.PackingOptions(t), tartest.DirOptions(), tartest.StreamOptions(),
		[]tartest.Option{tartest.SHA256Option(), tartest.SkipUnreadableOption(),
			tartest.EmbedIndexOption()})...)
}

// only returns the options of PackingOptions for the given fields.
func only(t *testing.T, fields ...string) []tartest.Option {
	all := append(tartest.PackingOptions(t), tartest.SHA256Option())
	return slices.DeleteFunc(all, func(o tartest.Option) bool {
		return !slices.Contains(fields, o.Field)
	})
}

func TestFSOptions(t *testing.T) {
	fields := []string{"Level", "Store", "Workers", "Dedup", "Exclude", "LatestModTime", "SHA256"}
	tartest.CheckOptions(t, func(t *testing.T, o pack.FSOptions) *tartest.Outcome {
		dir, out := tartest.OptionsTree(t), filepath.Join(t.TempDir(), "out.tar.gz")
		if _, err := pack.FS(context.Background(), os.DirFS(dir), out, o); err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, dir, out)
	}, append(only(t, fields...), tartest.EmbedIndexOption())...)
	tartest.CheckOptions(t, func(t *testing.T, o pack.FSOptions) *tartest.Outcome {
		dir, out := tartest.OptionsTree(t), &bytes.Buffer{}
		if _, err := pack.StreamFS(context.Background(), os.DirFS(dir), out, o); err != nil {
			t.Fatal(err)
		}
		res := tartest.OutcomeOf(t, dir)
		res.AddArchive(t, out.Bytes())
		return res
	}, append(only(t, fields...), tartest.EmbedIndexOption())...)
}

func TestWriterOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o pack.WriterOptions) *tartest.Outcome {
		dir, out := tartest.OptionsTree(t), filepath.Join(t.TempDir(), "out.tar.gz")
		w, err := pack.NewWriter(context.Background(), out, o)
		if err != nil {
			t.Fatal(err)
		}
		err = writeTree(w, dir, rand.New(rand.NewPCG(1, 1)))
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, dir, out)
	}, append(only(t, "Level", "Store", "Workers", "Dedup", "LatestModTime", "SHA256"),
		tartest.EmbedIndexOption(), tartest.Option{Field: "Background", Value: true,
			// TestWriterBackground checks the priority.
			Effect: func(zero, set *tartest.Outcome) bool {
				return slices.Equal(zero.Paths, set.Paths)
			}})...)
}
