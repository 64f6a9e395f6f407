package extract_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/extract"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/source"
)

// TestSignedOwnersOverwritten writes to a signed archive while it is extracted. Only if owners are
// restored, which are in tar headers alone, that is an error: all else is compared when it is read.
func TestSignedOwnersOverwritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.tar.gz")
	files := fstest.MapFS{"a": {Data: []byte(tartest.Text("a", 1000)), Mode: 0o644}}
	if _, err := pack.FS(t.Context(), files, name, pack.FSOptions{SHA256: true}); err != nil {
		t.Fatal(err)
	}
	trust := tartest.Sign(t, name)
	for _, c := range []struct {
		owners, write bool
		want          error
	}{
		{false, false, nil}, {true, false, nil}, {false, true, nil}, {true, true, source.ErrChanged},
	} {
		a, err := tarpack.Open(t.Context(), name, &tarpack.OpenOptions{Trust: trust})
		if err != nil {
			t.Fatal(err)
		}
		res, err := extract.Extract(t.Context(), a, filepath.Join(t.TempDir(), "out"), extract.Options{
			SameOwner: c.owners, Entry: func(sidecar.Row) {
				if c.write { // the same bytes
					f, err := os.OpenFile(name, os.O_RDWR, 0)
					b := make([]byte, 1)
					if err == nil {
						_, err = f.ReadAt(b, 0)
					}
					if err == nil {
						_, err = f.WriteAt(b, 0)
					}
					if err = errors.Join(err, f.Close()); err != nil {
						t.Error(err)
					}
				}
			}})
		if !errors.Is(err, c.want) || res.Entries != 1 {
			t.Errorf("%+v: %v, %v", c, res, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}
