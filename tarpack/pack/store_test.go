package pack_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// codings returns the coding of each file of an archive by its path; a duplicate has that of its
// target.
func codings(t *testing.T, name string) map[string]coding.Coding {
	t.Helper()
	a, err := tarpack.Open(context.Background(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := tarpack.Verify(context.Background(), name, tarpack.VerifyOptions{
		Problem: func(p *format.Problem) { t.Error(p) }}); err != nil {
		t.Error(err)
	}
	found := map[string]coding.Coding{}
	for i := range a.Index().Len() {
		path, err := a.Index().Path(i)
		if err != nil {
			t.Fatal(err)
		}
		if e, err := a.Index().Entry(i); err != nil {
			t.Fatal(err)
		} else if e.Type.String() == "file" {
			found[path] = e.Coding
		}
	}
	return found
}

// TestStore: what the globs name is stored, whatever its size, and the rest is compressed. Equal
// files of which only one is to be stored are not linked to each other. NoCompression stores all.
func TestStore(t *testing.T) {
	small, large := tartest.Text("small", 20_000), tartest.Text("large", 3<<20)
	dir := tartest.Tree(t, [2]string{"a.pdf", small}, [2]string{"b.txt", small},
		[2]string{"c.pdf", small}, [2]string{"d/big.pdf", large}, [2]string{"d/big.txt", large},
		[2]string{"d/huge.bin", tartest.Text("huge", 40<<20)}, [2]string{"empty.pdf", ""})
	globs := &exclude.Patterns{}
	for _, g := range []string{"*.pdf", "d/*.bin"} {
		if err := globs.Add(g); err != nil {
			t.Fatal(err)
		}
	}
	const deflate, stored, segmented = coding.Deflate, coding.Stored, coding.Segmented
	for _, c := range []struct {
		name string
		o    pack.Options
		want map[string]coding.Coding
	}{
		{"none", pack.Options{}, map[string]coding.Coding{"a.pdf": deflate,
			"d/big.pdf": segmented, "d/huge.bin": segmented, "empty.pdf": coding.None}},
		{"globs", pack.Options{Store: globs}, map[string]coding.Coding{"a.pdf": stored,
			"b.txt": deflate, "d/big.pdf": stored, "d/big.txt": segmented, "d/huge.bin": stored,
			"empty.pdf": coding.None}},
		{"all", pack.Options{Level: pack.NoCompression}, map[string]coding.Coding{"a.pdf": stored,
			"d/big.pdf": stored, "d/huge.bin": stored, "empty.pdf": coding.None}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := tartest.Pack(t, dir, c.o)
			got := codings(t, name)
			for path, want := range c.want {
				if got[path] != want {
					t.Errorf("%s: %s, want %s", path, got[path], want)
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("%d files, want %d: %v", len(got), len(c.want), got)
			}
			for path, e := range tartest.OutcomeOf(t, dir, name).Entries {
				if e.Typeflag != '0' {
					continue
				}
				b, err := os.ReadFile(filepath.Join(dir, path))
				if err != nil || string(b) != e.Content {
					t.Errorf("%s: other content, %v", path, err)
				}
			}
		})
	}
}

// TestStoreUpdate: an archive that is updated is that which is packed, with the same globs.
func TestStoreUpdate(t *testing.T) {
	globs := &exclude.Patterns{}
	if err := globs.Add("*.pdf"); err != nil {
		t.Fatal(err)
	}
	text := tartest.Text("text", 20_000)
	dir := tartest.Tree(t, [2]string{"a.txt", text}, [2]string{"b.pdf", text},
		[2]string{"c.pdf", "old"})
	name := tartest.Pack(t, dir, pack.Options{Store: globs})
	if err := os.WriteFile(filepath.Join(dir, "c.pdf"), []byte(text+"new"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := edit.UpdateOptions{Store: globs}
	if _, err := edit.Update(context.Background(), name, dir, o); err != nil {
		t.Fatal(err)
	}
	packed := tartest.Pack(t, dir, pack.Options{Store: globs})
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(packed)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes, packed %d", len(got), len(want))
	}
	if c := codings(t, name)["c.pdf"]; c != coding.Stored {
		t.Errorf("c.pdf: %s", c)
	}
}

// TestStoreFolder: a glob that ends in a slash stores all below the folder.
func TestStoreFolder(t *testing.T) {
	text := tartest.Text("text", 20_000)
	dir := tartest.Tree(t, [2]string{"s/a/b", text + "1"}, [2]string{"x/s", text + "2"})
	globs := &exclude.Patterns{}
	if err := globs.Add("s/"); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	if _, err := pack.Dir(t.Context(), dir, name, pack.Options{Store: globs}); err != nil {
		t.Fatal(err)
	}
	if got := codings(t, name); got["s/a/b"] != coding.Stored || got["x/s"] == coding.Stored {
		t.Errorf("%v", got)
	}
}
