package cache

import (
	"archive/zip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file that has no room in the directory is converted to a temporary file elsewhere. Nothing is
// left in either place.
func TestFullElsewhere(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	f, err := os.Create(filepath.Join(t.TempDir(), "a.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	if _, err := z.Create("a"); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	c := &Cache{Dir: filepath.Join(t.TempDir(), "cache")}
	if err := c.prepare(); err != nil {
		t.Fatal(err)
	}
	full, err := c.temporary()
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	o := &Options{Notice: func(err error) { said += err.Error() }}
	e, err := c.makeElsewhere(t.Context(), full, syscall.ENOSPC, f.Name(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(e.dir) != temp || !strings.Contains(said, "for this time only") ||
		!strings.Contains(said, "is full") {
		t.Errorf("%s, %q", e.dir, said)
	}
	a, err := e.open(t.Context(), f.Name(), o)
	if err != nil {
		t.Fatal(err)
	}
	if a.Index().Len() != 1 {
		t.Error(a.Index().Len())
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	// Without another place, the reason is the full directory.
	if full, err = c.temporary(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", filepath.Join(temp, "missing"))
	e, err = c.makeElsewhere(t.Context(), full, syscall.ENOSPC, f.Name(), f, o)
	if e != full || !errors.Is(err, syscall.ENOSPC) {
		t.Error(e, err)
	}
	if err := full.remove(); err != nil {
		t.Error(err)
	}
	for _, dir := range []string{temp, c.Dir} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left in %s: %v %v", dir, left, err)
		}
	}
}
