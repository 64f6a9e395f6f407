package plain

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// TestExact: a file is found by its own name only, also on Windows, which knows others for it. So
// what is hidden by its name stays hidden.
func TestExact(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "sub", ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sub/.git/config", "sub/a.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("a"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Release()
	for path, want := range map[string]plan.Kind{
		"sub/a.txt": plan.File, "sub": plan.Dir, "sub/.git": plan.Dir,
		`sub\a.txt`: plan.Missing, `sub\.git\config`: plan.Missing, `sub/.git\config`: plan.Missing,
		"sub/A.TXT": plan.Missing, "SUB/a.txt": plan.Missing, "sub/.GIT": plan.Missing,
		"sub/a.txt.": plan.Missing, "sub/a.txt ": plan.Missing, "sub/a.txt::$DATA": plan.Missing,
		"sub/GIT~1/config": plan.Missing, "sub/a*": plan.Missing, "sub/?.txt": plan.Missing,
		"sub/NUL": plan.Missing,
	} {
		n, f, err := d.Lookup(path)
		if err != nil || n.Kind != want {
			t.Errorf("%q: %v, %v, want %v", path, n.Kind, err, want)
		}
		if f != nil {
			f.Close()
		}
		if _, isFile, isDir, err := d.Follow(path); err != nil ||
			isFile != (want == plan.File) || isDir != (want == plan.Dir) {
			t.Errorf("%q: a file %v, a directory %v, %v", path, isFile, isDir, err)
		}
	}
}
