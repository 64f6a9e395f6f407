package gzmember

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"testing"
)

// TestAppendWhole reads all contents that are small enough, and refuses the others.
func TestAppendWhole(t *testing.T) {
	each(t, func(t *testing.T, a *archived) {
		got, err := AppendWhole([]byte("before"), a.src(), &a.c)
		if a.c.Size > MaxWhole || a.c.Length > MaxWhole {
			if err == nil {
				t.Fatal("no error")
			}
			return
		}
		want := append([]byte("before"), a.content...)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes of %d, %v", len(got), len(want), err)
		}
	})
	if got, err := AppendWhole([]byte("x"), nil, &Content{}); err != nil || string(got) != "x" {
		t.Errorf("of an empty file: %q, %v", got, err)
	}
}

// TestAppendWholeDamaged changes bytes of C and what the index says. AppendWhole must find what
// Reader finds.
func TestAppendWholeDamaged(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	each(t, func(t *testing.T, a *archived) {
		if a.c.Size > MaxWhole || a.c.Length > MaxWhole {
			return
		}
		check := func(what string, n int64, archive []byte, c Content) {
			t.Helper()
			src := bytes.NewReader(archive)
			got, err := AppendWhole([]byte("x"), src, &c)
			var want []byte
			r, wantErr := NewReader(src, c)
			if wantErr == nil {
				want, wantErr = io.ReadAll(struct{ io.Reader }{r})
				r.Close()
			}
			switch {
			case err != nil && string(got) != "x":
				t.Fatalf("%s %d: dst is %q after an error", what, n, got)
			case err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTruncated):
				t.Fatalf("%s %d: %v", what, n, err)
			case (err == nil) != (wantErr == nil):
				t.Fatalf("%s %d: %v; Reader: %v", what, n, err, wantErr)
			case err == nil && !bytes.Equal(got[1:], want):
				t.Fatalf("%s %d: other bytes than Reader", what, n)
			}
		}
		for k := range 300 {
			at := a.c.Offset + int64(k)
			if k >= 100 {
				at = a.c.Offset + rng.Int63n(a.c.Length)
			}
			if k >= 250 {
				at = a.c.Offset + a.c.Length - int64(k-249)
			}
			if at < a.c.Offset || at >= a.c.Offset+a.c.Length {
				continue
			}
			archive := bytes.Clone(a.archive)
			archive[at] ^= 1 << rng.Intn(8)
			check("byte", at-a.c.Offset, archive, a.c)
		}
		for _, by := range []int64{-1, 1} {
			c := a.c
			c.Size += by
			check("size", by, a.archive, c)
			c = a.c
			c.Length += by
			check("length", by, a.archive, c)
			c = a.c
			c.Offset += by
			check("offset", by, a.archive, c)
			c = a.c
			c.CRC ^= 1
			check("CRC", by, a.archive, c)
		}
		for _, n := range []int64{a.c.Offset + a.c.Length - 1, a.c.Offset + 5, a.c.Offset} {
			check("truncated", n, a.archive[:n], a.c)
		}
	})
}

// TestAppendWholeAllocs: nothing is allocated if there is room.
func TestAppendWholeAllocs(t *testing.T) {
	each(t, func(t *testing.T, a *archived) {
		if a.c.Size > MaxWhole || a.c.Length > MaxWhole {
			return
		}
		dst, src := make([]byte, 0, a.c.Size), a.src()
		wantAllocs(t, 0, func() {
			if _, err := AppendWhole(dst, src, &a.c); err != nil {
				t.Fatal(err)
			}
		})
	})
}
