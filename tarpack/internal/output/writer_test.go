package output

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestWriter writes pieces and copies runs of all sizes, as a file and as a stream: what comes out
// is what went in, in order.
func TestWriter(t *testing.T) {
	dir := t.TempDir()
	noise := make([]byte, 5<<20)
	g := rand.NewChaCha8([32]byte{1})
	_, _ = g.Read(noise)
	if err := os.WriteFile(filepath.Join(dir, "src"), noise, 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := os.Open(filepath.Join(dir, "src"))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(1, seed))
		f, err := os.Create(filepath.Join(dir, "dst"))
		if err != nil {
			t.Fatal(err)
		}
		w := &Writer{W: f}
		if seed%2 == 0 {
			w.File = f
		}
		w.Done.noRange = seed%4 == 0
		var want []byte
		for range 25 {
			n := 1 + rnd.IntN([]int{600, 200 << 10, WriteSize, 3 << 20}[rnd.IntN(4)])
			off := rnd.IntN(len(noise) - n)
			part := noise[off : off+n]
			want = append(want, part...)
			if rnd.IntN(2) == 0 {
				own := bytes.Clone(part)
				if err := w.Put(own); err != nil {
					t.Fatal(err)
				}
				clear(own) // it is the caller's again
			} else if err := w.Copy(src, int64(off), int64(n)); err != nil {
				t.Fatal(err)
			}
			if rnd.IntN(10) == 0 {
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
				if fi, err := f.Stat(); err != nil || fi.Size() != int64(len(want)) {
					t.Fatalf("%d bytes after a flush, want %d (%v)", fi.Size(), len(want), err)
				}
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(f.Name())
		if err != nil || !bytes.Equal(got, want) || w.Off != int64(len(want)) || w.sink != nil {
			t.Errorf("seed %d: %d bytes, want %d, offset %d, %v", seed, len(got), len(want), w.Off, err)
		}
		_ = f.Close()
	}
}

// failing takes some bytes and then no more.
type failing struct{ room int }

var errFull = errors.New("full")

func (f *failing) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// TestWriterFails: the first error is returned by a later call, by Flush at the latest, and by all
// after it.
func TestWriterFails(t *testing.T) {
	for _, piece := range []int{1000, WriteSize, 3 * WriteSize} {
		w := &Writer{W: &failing{room: 5 << 20}}
		var err error
		n := 0
		for ; err == nil && n < 100<<20; n += piece {
			err = w.Put(make([]byte, piece))
		}
		if !errors.Is(err, errFull) {
			t.Errorf("pieces of %d: %v after %d bytes", piece, err, n)
		}
		for range 2 {
			if err := w.Flush(); !errors.Is(err, errFull) {
				t.Errorf("pieces of %d: flush: %v", piece, err)
			}
		}
	}
	w := &Writer{W: &failing{}}
	if err := w.Put([]byte("x")); err != nil {
		t.Errorf("before anything is written: %v", err)
	}
	if err := w.Flush(); !errors.Is(err, errFull) {
		t.Errorf("flush: %v", err)
	}
}
