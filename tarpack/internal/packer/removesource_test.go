package packer

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

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
	time.Sleep(20 * time.Millisecond) // the clock of ctimes is coarse
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
