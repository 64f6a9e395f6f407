package readerlist

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/extract"
	"github.com/tarpack/tpk/tarpack/format"
)

var update = flag.Bool("update", false, "make testdata/readers again")

// read reads the list.
func read(t *testing.T) (dir string, l List) {
	t.Helper()
	dir = filepath.Join(tools.Repo(t), "testdata", "readers")
	if *update {
		if err := Make(dir); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "list.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &l); err != nil {
		t.Fatal(err)
	}
	return dir, l
}

func open(name string) (*tarpack.Archive, error) {
	return tarpack.Open(context.Background(), name, &tarpack.OpenOptions{RequireSidecar: true})
}

// TestGood: package tarpack reads what archive/tar does.
func TestGood(t *testing.T) {
	dir, l := read(t)
	for _, g := range l.Good {
		t.Run(g.Name, func(t *testing.T) {
			a, err := open(filepath.Join(dir, g.Archive))
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if a.Index().Len() != len(g.Entries) {
				t.Fatalf("%d entries, want %d", a.Index().Len(), len(g.Entries))
			}
			for i, want := range g.Entries {
				got, err := describe(a, i)
				want.Coding, want.Major, want.Minor = "", 0, 0 // Make takes the coding from here
				if err != nil || got != want {
					t.Errorf("entry %d is\n%+v, want\n%+v: %v", i, got, want, err)
				}
			}
		})
	}
}

// describe describes entry i of an archive.
func describe(a *tarpack.Archive, i int) (d Entry, err error) {
	x := a.Index()
	path, err := x.Path(i)
	if err != nil {
		return d, err
	}
	if found, ok, err := x.Lookup(path); err != nil || !ok || found != i {
		return d, fmt.Errorf("%w: %q is found as %d %v: %w", format.ErrCorrupt, path, found, ok, err)
	}
	e, err := x.Entry(i)
	if err != nil {
		return d, err
	}
	d = Entry{Path: Escape(path), Mode: int64(e.Mode), MTime: e.ModTime,
		Type: []string{"", "file", "dir", "symlink", "hardlink", "char", "block", "fifo"}[e.Type]}
	var target string
	switch e.Type {
	case sidecar.TypeSymlink:
		target, err = x.Link(i)
	case sidecar.TypeHardlink:
		target, err = x.Path(int(e.Target))
	case sidecar.TypeDir:
		for _, err := range x.Dir(i) {
			if err != nil {
				return d, err
			}
		}
	}
	d.Target = Escape(target)
	if err != nil || e.Type != sidecar.TypeFile && e.Type != sidecar.TypeHardlink {
		return d, err
	}
	r, err := a.OpenContent(i)
	if err != nil {
		return d, err
	}
	defer r.Close()
	h := sha256.New()
	if d.Size, err = io.Copy(h, r); err == nil && d.Size != e.Size {
		err = fmt.Errorf("%w: %d bytes, want %d", format.ErrCorrupt, d.Size, e.Size)
	}
	d.SHA256 = hex.EncodeToString(h.Sum(nil))
	return d, err
}

// use uses all of an archive.
func use(t *testing.T, name string) (step Step, err error) {
	a, err := open(name)
	if err != nil {
		return AtOpen, err
	}
	defer a.Close()
	for _, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			return AtUse, err
		}
	}
	for _, err := range a.Index().Dir(-1) {
		if err != nil {
			return AtUse, err
		}
	}
	for i := range a.Index().Len() {
		if _, err := describe(a, i); err != nil {
			return AtUse, err
		}
	}
	o := extract.Options{Special: true, Problem: func(p *format.Problem) { err = p }}
	if _, failed := extract.Extract(context.Background(), a, t.TempDir(), o); failed != nil {
		return AtExtract, failed
	}
	if err != nil {
		return AtExtract, err
	}
	if err := errors.Join(a.Check(context.Background(), 1), a.Index().Verify()); err != nil {
		return AtVerify, err
	}
	return "", nil
}

// TestHostile: package tarpack refuses what is to be refused, at that step or before it.
func TestHostile(t *testing.T) {
	dir, l := read(t)
	order := map[Step]int{AtOpen: 1, AtUse: 2, AtExtract: 3, AtVerify: 4, "": 5}
	for _, h := range l.Hostile {
		t.Run(h.Name, func(t *testing.T) {
			step, err := use(t, filepath.Join(dir, h.Archive))
			if order[step] > order[h.Refused] {
				t.Errorf("%s: refused at step %q, want %q: %v", h.Note, step, h.Refused, err)
			}
			if h.Unsupported != errors.Is(err, format.ErrVersion) {
				t.Errorf("%s: %v", h.Note, err)
			}
		})
	}
}

// TestSize: the list stays small enough for a repository.
func TestSize(t *testing.T) {
	dir, _ := read(t)
	size := int64(0)
	err := filepath.Walk(dir, func(_ string, i os.FileInfo, err error) error {
		if err == nil {
			size += i.Size()
		}
		return err
	})
	if err != nil || size > 1400<<10 {
		t.Errorf("%d bytes, %v", size, err)
	}
}
