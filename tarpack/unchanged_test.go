package tarpack_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/source"
)

func takeOut(t *testing.T, name string) {
	t.Helper()
	if _, err := tarpack.TakeOutIndex(t.Context(), name, tarpack.EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
}

func embed(t *testing.T, name string) {
	t.Helper()
	if _, err := tarpack.EmbedIndex(t.Context(), name, tarpack.EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestCheckUnchanged: an open archive stays what it is when it grows or is replaced. It doesn't when
// its index is taken out, or when other bytes are written over it.
func TestCheckUnchanged(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"a", "x"})
	for _, c := range []struct {
		what     string
		embedded bool
		change   func(t *testing.T, name string)
		changed  bool
	}{
		{"nothing", true, func(*testing.T, string) {}, false},
		{"the index is put into it", false, embed, false},
		{"the index is taken out", true, takeOut, true},
		{"the index is taken out and put into it again", true, func(t *testing.T, name string) {
			takeOut(t, name)
			embed(t, name)
		}, false},
		{"it is replaced", true, func(t *testing.T, name string) {
			if err := os.Rename(tartest.Pack(t, dir, pack.Options{}), name); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"it is written over", true, func(t *testing.T, name string) {
			if err := os.WriteFile(name, []byte(strings.Repeat("x", 1<<20)), 0o666); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		name := tartest.Pack(t, dir, pack.Options{EmbedIndex: c.embedded})
		a, err := tarpack.Open(t.Context(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		c.change(t, name)
		if err := a.CheckUnchanged(); errors.Is(err, source.ErrChanged) != c.changed ||
			!c.changed && err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// TestVerifyChanged: what Verify finds of an archive that a writer changes meanwhile is no damage.
func TestVerifyChanged(t *testing.T) {
	name := tartest.Pack(t, tartest.Tree(t, someFiles()...), pack.Options{EmbedIndex: true})
	done := false
	_, err := tarpack.Verify(context.Background(), name, tarpack.VerifyOptions{
		Workers: 1,
		Progress: func(format.Progress) {
			if !done {
				done = true
				takeOut(t, name)
			}
		},
	})
	if !errors.Is(err, source.ErrChanged) || !done {
		t.Errorf("%v, want ErrChanged", err)
	}
	if res, err := tarpack.Verify(t.Context(), name, tarpack.VerifyOptions{}); err != nil ||
		res.Failed > 0 {
		t.Errorf("%+v, %v", res, err)
	}
}
