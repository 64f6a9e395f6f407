//go:build unix

package regular_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tarpack/tpk/internal/regular"
)

// TestOpen opens files of every kind. A FIFO without a writer must not make it wait.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(os.WriteFile(in("file"), []byte("text"), 0o600), os.Mkdir(in("dir"), 0o700),
		syscall.Mkfifo(in("fifo"), 0o600), os.Symlink("file", in("link")),
		os.Symlink("fifo", in("fifolink")), os.Symlink("none", in("dangling"))); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		"file": nil, "link": nil, "dir": regular.ErrNotRegular, "fifo": regular.ErrNotRegular,
		"fifolink": regular.ErrNotRegular, "none": fs.ErrNotExist, "dangling": fs.ErrNotExist,
	} {
		f, err := regular.Open(in(name))
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		var path *fs.PathError
		if err != nil {
			if !errors.As(err, &path) || path.Path != in(name) {
				t.Errorf("%s: %v doesn't name it", name, err)
			}
			continue
		}
		if b, err := io.ReadAll(f); string(b) != "text" || err != nil {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		f.Close()
	}
}
