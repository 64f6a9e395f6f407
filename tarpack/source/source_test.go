package source_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/tarpack/source"
)

const content = "0123456789abcdef"

// openFile returns a source of the first 16 bytes of a file that has more.
func openFile(t *testing.T) *source.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(name, []byte(content+"behind it"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := source.NewFile(f, int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestSources: every source reads the same bytes, and nothing after its end.
func TestSources(t *testing.T) {
	for name, s := range map[string]source.Source{
		"file":   openFile(t),
		"reader": source.Of(bytes.NewReader([]byte(content+"behind it")), int64(len(content))),
	} {
		t.Run(name, func(t *testing.T) {
			if s.Size() != int64(len(content)) {
				t.Errorf("size %d", s.Size())
			}
			r := io.NewSectionReader(s, 0, s.Size())
			if err := iotest.TestReader(r, []byte(content)); err != nil {
				t.Error(err)
			}
			for off := range int64(20) {
				for n := range 20 {
					want := ""
					if off < s.Size() {
						want = content[off:min(off+int64(n), s.Size())]
					}
					p := make([]byte, n)
					m, err := s.ReadAt(p, off)
					if string(p[:m]) != want || (m < n) != (err == io.EOF) && n > 0 {
						t.Errorf("%d bytes from %d: %q, %v", n, off, p[:m], err)
					}
					if ok := s.ReadNow(p, off); ok && (len(want) < n || string(p) != want) {
						t.Errorf("at once, %d bytes from %d: %q", n, off, p)
					}
				}
			}
			if err := s.Check(); err != nil {
				t.Error(err)
			}
			if err := s.Fetch(t.Context(), 3, 8); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReaderIsAtHand(t *testing.T) {
	s := source.Of(bytes.NewReader([]byte(content)), int64(len(content)))
	p := make([]byte, 4)
	if !s.ReadNow(p, 2) || string(p) != content[2:6] {
		t.Errorf("%q", p)
	}
	if _, ok, err := s.Piece(0, 4); ok || err != nil {
		t.Error("a reader lies in no file", err)
	}
	if m, _ := s.Map(); m != nil {
		t.Error("a reader has no mapping")
	}
}

func TestFile(t *testing.T) {
	s := openFile(t)
	piece, ok, err := s.Piece(2, 5)
	if err != nil || !ok || piece.Offset != 2 || piece.Length != 5 {
		t.Fatalf("%+v, %v, %v", piece, ok, err)
	}
	p := make([]byte, piece.Length)
	if _, err := piece.File.ReadAt(p, piece.Offset); err != nil || string(p) != content[2:7] {
		t.Errorf("%q, %v", p, err)
	}
	piece.Release()
	mapping, unmap := s.Map()
	if string(mapping) != content {
		t.Errorf("mapped %q", mapping)
	}
	if err := unmap(); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("no longer needed")
	cancel(why)
	if err := s.Fetch(ctx, 0, 16); !errors.Is(err, why) {
		t.Error(err)
	}
	if other := openFile(t); other.Identity() == s.Identity() {
		t.Error("two files have one identity")
	}
}

// TestFetchEnds: bytes that a file does not have any more are an error, and no endless loop.
func TestFetchEnds(t *testing.T) {
	s := openFile(t)
	piece, _, err := s.Piece(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(piece.File.Name(), 4); err != nil {
		t.Fatal(err)
	}
	if err := s.Fetch(t.Context(), 0, 16); err == nil {
		t.Error("12 bytes are missing")
	}
	if err := s.Check(); !errors.Is(err, source.ErrChanged) {
		t.Error(err)
	}
}

// TestFileUnchanged changes the file of a source. Whether only the time of the last change differs
// is told apart, and can be accepted.
func TestFileUnchanged(t *testing.T) {
	settled := func(s *source.File) { // so that each later change shows
		for stamp := changetime.StampOf(s.Opened()); !stamp.Settled(time.Now()); {
			time.Sleep(time.Millisecond)
		}
	}
	for what, c := range map[string]struct {
		do      func(name string) error
		want    error
		touched bool
	}{
		"nothing": {do: func(string) error { return nil }},
		"chmod": {func(name string) error { return os.Chmod(name, 0o600) },
			source.ErrChanged, true},
		"removed": {os.Remove, source.ErrChanged, true},
		"written": {func(name string) error {
			return errors.Join(os.WriteFile(name, []byte("0123456789abcdef behind"), 0o600),
				os.Chtimes(name, time.Time{}, time.Unix(1e9, 0)))
		}, source.ErrChanged, false},
	} {
		t.Run(what, func(t *testing.T) {
			s := openFile(t)
			name := fileName(t, s)
			settled(s)
			if err := s.Unchanged(0, s.Size()); err != nil {
				t.Error(err)
			}
			if err := c.do(name); err != nil {
				t.Fatal(err)
			}
			err := s.Unchanged(0, s.Size())
			if !errors.Is(err, c.want) || errors.Is(err, source.ErrTouched) != c.touched {
				t.Errorf("%v", err)
			}
			s.Accept()
			if err := s.Unchanged(0, s.Size()); (err == nil) != (c.want == nil || c.touched) {
				t.Errorf("accepted: %v", err)
			}
		})
	}
}

// fileName returns the name of the file of a source.
func fileName(t *testing.T, s *source.File) string {
	t.Helper()
	piece, _, err := s.Piece(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer piece.Release()
	return piece.File.Name()
}
