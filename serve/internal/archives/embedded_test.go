package archives

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/tarpack/pack"
)

// TestTouched: if the attributes or names of an archive or its index have changed, members are
// compared with the index again. Where the index is mapped it may have changed, too, beside a new
// name and with its time set back: then the archive is opened again.
func TestTouched(t *testing.T) {
	files := fstest.MapFS{"a": {Data: []byte("text"), Mode: 0o644}}
	defer func(n int64) { loadIndex = n }(loadIndex)
	for _, c := range []struct {
		embed  bool
		load   int64
		mapped bool
		want   error // if another index is written into the file that has it
	}{
		{false, 32 << 20, false, nil}, // it was read into memory
		{false, 1, true, guard.ErrOverwritten},
		{true, 32 << 20, false, guard.ErrDoubtful}, // members may have changed
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
		check := func(at func(*guard.Proof, int64, int64) error, what string, want error) {
			t.Helper()
			if err := at(a.guard.Proof(), 0, a.tar.Size()); !errors.Is(err, want) {
				t.Errorf("%+v: %s: %v", c, what, err)
			}
		}
		indexFile := name
		if !c.embed {
			indexFile += ".tpi"
		}
		for what, change := range map[string]func(string) error{
			"chmod": func(name string) error { return os.Chmod(name, 0o600) },
			"link":  func(name string) error { return os.Link(name, name+"1") },
			"link that has ended": func(name string) error {
				return errors.Join(os.Link(name, name+"2"), os.Remove(name+"2"))
			},
		} {
			for _, file := range slices.Compact([]string{name, indexFile}) {
				want := guard.ErrDoubtful
				if file != name && !c.mapped {
					want = nil
				}
				if err := change(file); err != nil {
					t.Fatal(err)
				}
				check(a.guard.CheckAtOnce, what+", at once", want)
				check(a.guard.CheckAtOnce, what+", at once again", want)
				check(a.guard.Check, what, want)
				check(a.guard.Check, what+" again", nil)
				check(a.guard.CheckAtOnce, what+" again, at once", nil)
				if err := a.guard.Proof().Prove(0, 4); err != nil {
					t.Errorf("%+v: %s: %v", c, what, err)
				}
			}
		}
		overwriteIndex(t, a, indexFile)
		check(a.guard.Check, "another index", c.want)
		a.release()
		l.Close()
	}
}

// overwriteIndex changes a byte of the index in a file, which gets another name, and its former
// time.
func overwriteIndex(t *testing.T, a *Archive, name string) {
	t.Helper()
	index := make([]byte, a.Index.Size())
	_, err := a.Index.ReadAt(index, 0)
	fi, err1 := os.Stat(name)
	whole, err2 := os.ReadFile(name)
	if err := errors.Join(err, err1, err2); err != nil {
		t.Fatal(err)
	}
	end := bytes.Index(whole, index) + len(index)
	if end < len(index) {
		t.Fatal("the index is not in the file")
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte{whole[end-1] ^ 1}, int64(end-1))
	err = errors.Join(err, f.Close(), os.Link(name, name+"3"),
		os.Chtimes(name, time.Time{}, fi.ModTime()))
	if err != nil {
		t.Fatal(err)
	}
}
