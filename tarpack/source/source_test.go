package source_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/source"
)

// archive is what the sources of these tests hold.
const archive = "the bytes of an archive"

// openFile returns a File whose file continues after the archive, and the name of the file.
func openFile(t *testing.T) (*source.File, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	if err := os.WriteFile(name, []byte(archive+" and more"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := source.NewFile(f, int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, name
}

func TestRead(t *testing.T) {
	file, _ := openFile(t)
	for name, s := range map[string]source.Source{
		"file": file, "reader": source.Of(strings.NewReader(archive+" and more"), int64(len(archive))),
	} {
		size := int64(len(archive))
		if s.Size() != size {
			t.Errorf("%s: %d bytes", name, s.Size())
		}
		if err := s.Fetch(context.Background(), 0, size); err != nil {
			t.Errorf("%s: Fetch: %v", name, err)
		}
		for _, c := range []struct{ off, n, want int64 }{
			{0, 3, 3}, {4, size - 4, size - 4}, {size - 2, 5, 2}, {size, 1, 0}, {size + 5, 1, 0},
		} {
			b := make([]byte, c.n)
			n, err := s.ReadAt(b, c.off)
			if int64(n) != c.want || (err == io.EOF) != (c.want < c.n) || err != nil && err != io.EOF ||
				n > 0 && string(b[:n]) != archive[c.off:c.off+c.want] {
				t.Errorf("%s: %d bytes at %d: %q, %v", name, c.n, c.off, b[:n], err)
			}
			// A file system may never have bytes at once, but must not have what is after the end.
			b = make([]byte, c.n)
			now := s.ReadNow(b, c.off)
			if now && (c.want < c.n || string(b) != archive[c.off:c.off+c.n]) ||
				!now && c.want == c.n && name == "reader" {
				t.Errorf("%s: ReadNow of %d bytes at %d: %t, %q", name, c.n, c.off, now, b)
			}
		}
		if s.ReadNow(make([]byte, 1), -1) {
			t.Errorf("%s: a byte before the start is read", name)
		}
	}
}

func TestMapAndPiece(t *testing.T) {
	s, _ := openFile(t)
	m, unmap := s.Map()
	if string(m) != archive {
		t.Fatalf("mapped: %q", m)
	}
	if err := unmap(); err != nil {
		t.Error(err)
	}
	p, ok, err := s.Piece(4, 5)
	if err != nil || !ok || p.Length != 5 {
		t.Fatalf("%+v, %t, %v", p, ok, err)
	}
	b := make([]byte, p.Length)
	if _, err := p.File.ReadAt(b, p.Offset); err != nil || string(b) != archive[4:9] {
		t.Errorf("piece: %q, %v", b, err)
	}
	p.Release()

	none := source.Of(strings.NewReader(archive), int64(len(archive)))
	if m, _ := none.Map(); m != nil {
		t.Errorf("a reader is mapped: %q", m)
	}
	if p, ok, err := none.Piece(0, 1); ok || err != nil {
		t.Errorf("a reader is in a file: %+v, %v", p, err)
	}
}

// Whatever happens to the file under the name, Check reports it, and what is open stays readable.
func TestCheck(t *testing.T) {
	replace := func(name string) error {
		return errors.Join(os.WriteFile(name+".new", []byte(archive+" and more"), 0o644),
			os.Rename(name+".new", name))
	}
	for what, change := range map[string]func(name string) error{
		"replaced": replace, "removed": os.Remove,
		"cut": func(name string) error { return os.Truncate(name, 3) },
	} {
		s, name := openFile(t)
		if err := s.Check(); err != nil {
			t.Errorf("before it is %s: %v", what, err)
		}
		id := s.Identity()
		if err := change(name); err != nil {
			t.Fatal(err)
		}
		if err := s.Check(); !errors.Is(err, source.ErrChanged) {
			t.Errorf("%s: %v", what, err)
		}
		if id == "" || s.Identity() != id {
			t.Errorf("%s: the identity was %q and is %q", what, id, s.Identity())
		}
	}
	s := source.Of(strings.NewReader(archive), int64(len(archive)))
	if err := s.Check(); err != nil || s.Identity() != "" {
		t.Errorf("a reader: %v, identity %q", err, s.Identity())
	}
}

func TestReadThrough(t *testing.T) {
	r := bytes.NewReader(make([]byte, 1<<20))
	if err := source.ReadThrough(context.Background(), r, 5, 1<<20-5); err != nil {
		t.Error(err)
	}
	if err := source.ReadThrough(context.Background(), r, 6, 1<<20-5); err != io.EOF {
		t.Errorf("a byte too far: %v", err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	cancel(why)
	if err := source.ReadThrough(ctx, r, 0, 1); err != why {
		t.Errorf("canceled: %v", err)
	}
}
