package browse

import (
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/tarpack/pack"
)

// serving returns a Library that has an archive of the files at its root.
func serving(t *testing.T, files fstest.MapFS) *archives.Library {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	if _, err := pack.FS(t.Context(), files, name, pack.FSOptions{}); err != nil {
		t.Fatal(err)
	}
	l, err := archives.NewLibrary(archives.Options{})
	if err == nil {
		err = l.Load(t.Context(), []archives.Spec{{Path: name}})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}
