package archives

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/tarpack/pack"
)

// TestEmbeddedTouched: if an archive may have been written to, and its time set back, members are
// compared with the index again. Where the index is mapped from the same file, it may have changed,
// too: then the archive is opened again.
func TestEmbeddedTouched(t *testing.T) {
	files := fstest.MapFS{"a": {Data: []byte("text"), Mode: 0o644}}
	defer func(n int64) { loadIndex = n }(loadIndex)
	for _, c := range []struct {
		embed  bool
		load   int64
		mapped bool
		want   error
	}{
		{false, 32 << 20, false, guard.ErrDoubtful},
		{false, 1, true, guard.ErrDoubtful}, // it is in another file
		{true, 32 << 20, false, guard.ErrDoubtful},
		{true, 1, true, guard.ErrOverwritten},
	} {
		loadIndex = c.load
		name := filepath.Join(t.TempDir(), "a.tar.gz")
		if _, err := pack.FS(t.Context(), files, name, pack.FSOptions{EmbedIndex: c.embed}); err != nil {
			t.Fatal(err)
		}
		l, err := NewLibrary(Options{CacheDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		a, err := l.openWritten(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if a.tar.IndexEmbedded() != c.embed || a.Index.Mapped() != c.mapped {
			t.Errorf("%+v: embedded %v, mapped %v", c, a.tar.IndexEmbedded(), a.Index.Mapped())
		}
		if err := os.Chmod(name, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := a.guard.Check(a.guard.Proof(), 0, a.tar.Size()); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
		a.release()
		l.Close()
	}
}
