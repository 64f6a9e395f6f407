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

// TestRemoveChanged: a file that was changed and has its time put back is not removed.
func TestRemoveChanged(t *testing.T) {
	dir := t.TempDir()
	top := filepath.Join(dir, "tree")
	if err := os.Mkdir(top, 0o755); err != nil {
		t.Fatal(err)
	}
	p := &Packer{packed: map[uint64]struct{}{}}
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
	p.notePacked(before)
	if !p.wasPacked(look()) {
		t.Error("it is as it was")
	}
	time.Sleep(20 * time.Millisecond) // for the clock that ctimes are of
	if err := errors.Join(os.WriteFile(name, []byte("BBBB"), 0o644), os.Chtimes(name, time.Time{}, before.Info.ModTime())); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" && p.wasPacked(look()) {
		t.Error("it was changed")
	}
	// Of a file with several names, removing one is no change of the others.
	if err := os.Link(name, filepath.Join(top, "g")); err != nil {
		t.Fatal(err)
	}
	p.notePacked(look())
	if err := os.Remove(filepath.Join(top, "g")); err != nil {
		t.Fatal(err)
	}
	if !p.wasPacked(look()) {
		t.Error("only another name was removed")
	}
}
