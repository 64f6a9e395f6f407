package pack_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

func TestOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o pack.Options) *tartest.Outcome {
		dir, out := tartest.OptionsTree(t), filepath.Join(t.TempDir(), "out.tar.gz")
		if _, err := pack.Pack(context.Background(), dir, out, o); err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, dir, out)
	}, append(tartest.PackingOptions(t), tartest.RemoveFilesOption())...)
}

func TestStreamOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o pack.StreamOptions) *tartest.Outcome {
		dir, out := tartest.OptionsTree(t), &bytes.Buffer{}
		if _, err := pack.Stream(context.Background(), dir, out, o); err != nil {
			t.Fatal(err)
		}
		res := tartest.OutcomeOf(t, dir)
		res.AddArchive(t, out.Bytes())
		return res
	}, tartest.PackingOptions(t)...)
}
