package browse

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/serve/internal/archives"
)

// TestPending: what lies in an archive that is not ready yet is missing in a search, which says so,
// and a list of it is an error.
func TestPending(t *testing.T) {
	l, err := archives.NewLibrary(archives.Options{})
	if err == nil {
		err = l.Load(t.Context(), []archives.Spec{{Mount: "a", Wait: true,
			Path: filepath.Join(t.TempDir(), "not-there.tar.gz")}})
	}
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var v archives.View
	if !l.View(&v) {
		t.Fatal("nothing is served")
	}
	defer v.Release()
	b := NewMemory().View(&v)
	if _, err := b.List("a/b", ListOptions{Limit: 1}); !errors.Is(err, archives.ErrPending) {
		t.Error(err)
	}
	s, err := b.Search("", "f", ListOptions{Limit: 9})
	if err != nil || !s.Incomplete {
		t.Error(s, err)
	}
}
