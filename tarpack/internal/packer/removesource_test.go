package packer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// A file that was changed, and whose modification time was put back, is not removed.
func TestRemoveChanged(t *testing.T) {
	dir := t.TempDir()
	top := filepath.Join(dir, "tree")
	if err := os.Mkdir(top, 0o755); err != nil {
		t.Fatal(err)
	}
	packed := fingerprints{}
	name := filepath.Join(top, "f")
	look := func() *tree.Entry {
		fi, err := os.Lstat(name)
		if err != nil {
			t.Fatal(err)
		}
		return &tree.Entry{Dir: &tree.Dir{}, Name: "f", Typ: sidecar.TypeFile, Info: fi}
	}
	if err := os.WriteFile(name, []byte("AAAA"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := look()
	packed.add(before)
	if !packed.has(look()) {
		t.Error("it is as it was")
	}
	waitForTick(t, before.Info)
	if err := errors.Join(os.WriteFile(name, []byte("BBBB"), 0o644),
		os.Chtimes(name, time.Time{}, before.Info.ModTime())); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" && packed.has(look()) {
		t.Error("it was changed")
	}
	// Removing one of several names does not change the others.
	if err := os.Link(name, filepath.Join(top, "g")); err != nil {
		t.Fatal(err)
	}
	packed.add(look())
	if err := os.Remove(filepath.Join(top, "g")); err != nil {
		t.Fatal(err)
	}
	if !packed.has(look()) {
		t.Error("only another name was removed")
	}
}

// waitForTick waits until the file system gives a changed file a later time than was has.
func waitForTick(t *testing.T, was fs.FileInfo) {
	t.Helper()
	later := filepath.Join(t.TempDir(), "later")
	for {
		if err := os.WriteFile(later, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if fi, err := os.Stat(later); err != nil {
			t.Fatal(err)
		} else if runtime.GOOS != "linux" || changetime.Of(fi) > changetime.Of(was) {
			return
		}
	}
}
