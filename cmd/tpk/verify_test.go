package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
)

// At the end of verify, progress is what was expected, also with duplicates and hard links.
func TestVerifyProgress(t *testing.T) {
	dir, name := t.TempDir(), filepath.Join(t.TempDir(), "a.tar.gz")
	for _, path := range []string{"a", "duplicate", "another"} {
		if err := os.WriteFile(filepath.Join(dir, path), []byte("the same"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := pack.Dir(t.Context(), dir, name, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	a, err := tarpack.Open(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var last format.Progress
	_, err = tarpack.Verify(t.Context(), name, tarpack.VerifyOptions{
		Progress: func(p format.Progress) { last = p }})
	if want := toVerify(a); err != nil || last != want || last.Entries != 4 {
		t.Errorf("%+v, want %+v: %v", last, want, err)
	}
}
