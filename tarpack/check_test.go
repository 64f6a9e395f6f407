package tarpack_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
)

// TestCheck changes single bits of an archive and of a set while they are open. Check finds what
// Verify finds, and sidecars that have gone do not matter to it.
func TestCheck(t *testing.T) {
	filetest.SetTempDir(t, t.TempDir())
	tree := tartest.Tree(t, [2]string{"d/a", tartest.Text("a", 5000)}, [2]string{"b", "-> d/a"},
		[2]string{"c", tartest.Text("c", 100)})
	single := tartest.Pack(t, tree, pack.Options{})
	list, shards := packSet(t, tree, shard.PackOptions{Shards: 2})
	for _, c := range []struct{ name, file string }{{single, single}, {list, shards[0].Name},
		{list, shards[1].Name}} {
		a := tartest.Open(t, c.name)
		if err := os.Rename(c.file+format.SidecarSuffix, c.file+".kept"); err != nil {
			t.Fatal(err)
		}
		if err := a.Check(t.Context(), 1); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := os.Rename(c.file+".kept", c.file+format.SidecarSuffix); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(c.file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		good := tartest.Read(t, c.file)
		random := rand.New(rand.NewPCG(1, 1))
		found := 0
		for range 150 {
			at, bit := random.IntN(len(good)), byte(1)<<random.IntN(8)
			if _, err := f.WriteAt([]byte{good[at] ^ bit}, int64(at)); err != nil {
				t.Fatal(err)
			}
			res, verifyErr := tarpack.Verify(t.Context(), c.name, tarpack.VerifyOptions{Workers: 1})
			err := a.Check(t.Context(), 1)
			switch {
			case (err != nil) != (verifyErr != nil || res.Failed > 0):
				t.Errorf("%s, bit %02x of byte %d: %v; Verify: %v, %v", c.file, bit, at, err, res.Problems,
					verifyErr)
			case err != nil && !errors.Is(err, format.ErrCorrupt) && !errors.Is(err, format.ErrTruncated) &&
				!errors.Is(err, format.ErrVersion):
				t.Errorf("%s, bit %02x of byte %d: %v", c.file, bit, at, err)
			case err != nil:
				found++
			}
			if _, err := f.WriteAt(good[at:at+1], int64(at)); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil || found < 100 {
			t.Errorf("%s: %d of 150 found, %v", c.file, found, err)
		}
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestCheckAnother: what is in the file may be sound, but another archive than the one that was
// opened.
func TestCheckAnother(t *testing.T) {
	filetest.SetTempDir(t, t.TempDir())
	var opened, files [2][2]string // an archive and a shard of a set, in two generations
	for i := range files {
		tree := tartest.Tree(t, [2]string{"x", strings.Repeat(string(rune('a'+i)), 100)})
		single := tartest.Pack(t, tree, pack.Options{})
		list, shards := packSet(t, tree, shard.PackOptions{Shards: 1})
		opened[i], files[i] = [2]string{single, list}, [2]string{single, shards[0].Name}
	}
	for i, name := range files[0] {
		a := tartest.Open(t, opened[0][i])
		was, now := tartest.Read(t, name), tartest.Read(t, files[1][i])
		if len(was) != len(now) || bytes.Equal(was, now) {
			t.Fatalf("%d bytes and %d bytes", len(was), len(now))
		}
		err := errors.Join(a.Check(t.Context(), 1), os.WriteFile(name, now, 0o644))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Check(t.Context(), 1); !errors.Is(err, format.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
