package tarpack_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// TestOneErrCorrupt: errors.Is finds format.ErrCorrupt whichever package meets the damage.
func TestOneErrCorrupt(t *testing.T) {
	ctx := context.Background()
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"a", tartest.Text("a", 5000)},
		[2]string{"b", "-> a"}), pack.Options{})
	archive, index := tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
	a := tartest.Open(t, name)
	c, err := a.Content(0)
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(b []byte, at int64) []byte {
		b = append([]byte(nil), b...)
		b[at] ^= 0xff
		return b
	}
	for what, damaged := range map[string]struct{ archive, index []byte }{
		"content":         {flipped(archive, c.Offset+c.Length-6), index},
		"header member":   {flipped(archive, 20), nil},
		"trailer":         {flipped(archive, int64(len(archive))-30), nil},
		"sidecar's table": {archive, flipped(index, int64(len(index))-9)},
	} {
		tartest.WriteFile(t, name, damaged.archive)
		tartest.WriteFile(t, name+format.SidecarSuffix, damaged.index)
		err := readAll(ctx, name)
		if !errors.Is(err, format.ErrCorrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// readAll opens an archive, checks its index, and reads every file.
func readAll(ctx context.Context, name string) error {
	a, err := tarpack.Open(ctx, name, nil)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Index().Verify(); err != nil {
		return err
	}
	return fs.WalkDir(a.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := a.FS().Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(io.Discard, f)
		return err
	})
}
