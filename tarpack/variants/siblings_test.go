package variants_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	codings "github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/siblings"
	"github.com/tarpack/tpk/tarpack/variants"
)

// siblingTree has siblings of a page, of a file that becomes a link, of one that can't gain, and of
// one that is too small.
func siblingTree(t *testing.T) string {
	noise := tartest.Noise("noise", 5000)
	return tartest.Tree(t,
		[2]string{"a.html", page(1)}, [2]string{"a.html.br", tartest.Brotli(page(1))},
		[2]string{"a.html.zst", tartest.Zstd(page(1))}, [2]string{"a.html.gz", tartest.Gzip(page(1))},
		[2]string{"b.html", page(2)}, [2]string{"c.html", page(2)},
		[2]string{"c.html.br", tartest.Brotli(page(2))},
		[2]string{"d.html", page(3)},
		[2]string{"noise", noise}, [2]string{"noise.br", tartest.Brotli(noise)},
		[2]string{"small", "small"}, [2]string{"small.br", tartest.Brotli("small")})
}

// encoded returns the variant of an entry in a coding, or "".
func encoded(t *testing.T, archive, name string, c codings.Coding) string {
	t.Helper()
	x := tartest.Open(t, archive).Index()
	i, ok, err := x.Lookup(name)
	if err != nil || !ok {
		t.Fatalf("%s: %v, %v", name, ok, err)
	}
	f, err := codings.Open(archive+format.VariantsSuffix, codings.Of(x))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	set, err := f.Find(i)
	if err != nil {
		t.Fatal(err)
	}
	v, ok := set.Get(c)
	if !ok {
		return ""
	}
	b, err := f.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSiblings(t *testing.T) {
	dir := siblingTree(t)
	for _, sums := range []bool{false, true} {
		var before []byte
		for _, workers := range []int{1, 5} {
			s := &siblings.Set{}
			archive := tartest.Pack(t, dir, pack.Options{Siblings: s, SHA256: sums, Workers: workers})
			if s.Left() != 6 {
				t.Errorf("%d were left out", s.Left())
			}
			res := build(t, archive, variants.Options{Siblings: s, Workers: workers})
			if res.Siblings != 3 || res.Contents != 2 || res.Settings.Codings != 0 {
				t.Errorf("%+v", res)
			}
			for _, c := range []struct {
				name   string
				coding codings.Coding
				want   string
			}{
				{"a.html", codings.Brotli, tartest.Brotli(page(1))},
				{"a.html", codings.Zstd, tartest.Zstd(page(1))},
				{"b.html", codings.Brotli, tartest.Brotli(page(2))},
				{"c.html", codings.Brotli, tartest.Brotli(page(2))},
				{"c.html", codings.Zstd, ""}, {"d.html", codings.Brotli, ""},
				{"noise", codings.Brotli, ""}, {"small", codings.Brotli, ""},
			} {
				if encoded(t, archive, c.name, c.coding) != c.want {
					t.Errorf("%s in %s is not its sibling", c.name, c.coding)
				}
			}
			now, err := os.ReadFile(archive + format.VariantsSuffix)
			if err != nil || before != nil && !bytes.Equal(now, before) {
				t.Errorf("%d workers make other bytes (%v)", workers, err)
			}
			before = now
		}
	}
}

// TestSiblingsStay refreshes variants that were siblings, and asks for codings with and without
// them.
func TestSiblingsStay(t *testing.T) {
	dir, s := siblingTree(t), &siblings.Set{}
	archive := tartest.Pack(t, dir, pack.Options{Siblings: s})
	br := codings.Settings{Codings: codings.Codings(0).With(codings.Brotli), Level: 9}
	check := func(what string, contents, reused int64, res variants.Result) {
		t.Helper()
		v, err := variants.Verify(t.Context(), archive, variants.VerifyOptions{})
		if err != nil || v.Failed > 0 || res.Contents != contents || res.Reused != reused {
			t.Errorf("%s: %+v, %+v: %v", what, res, v, err)
		}
	}
	check("built", 2, 0, build(t, archive, variants.Options{Siblings: s}))
	check("refreshed", 2, 2, build(t, archive, variants.Options{}))

	// A refresh after a change encodes nothing, as nothing was asked for.
	tartest.WriteFile(t, filepath.Join(dir, "d.html"), []byte(page(4)))
	s = &siblings.Set{}
	if _, err := edit.Update(t.Context(), archive, dir, edit.UpdateOptions{Siblings: s}); err != nil {
		t.Fatal(err)
	}
	check("updated", 2, 2, build(t, archive, variants.Options{}))

	// The rest is encoded if it is asked for, and siblings in other codings stay with a refresh.
	check("brotli", 4, 2, build(t, archive, variants.Options{Siblings: s, Settings: br}))
	check("refreshed", 4, 4, build(t, archive, variants.Options{}))
	if encoded(t, archive, "a.html", codings.Zstd) != tartest.Zstd(page(1)) ||
		encoded(t, archive, "a.html", codings.Brotli) != tartest.Brotli(page(1)) ||
		encoded(t, archive, "d.html", codings.Brotli) == "" {
		t.Error("a variant is missing, or another")
	}
	build(t, archive, variants.Options{Settings: br})
	if encoded(t, archive, "a.html", codings.Zstd) != "" {
		t.Error("there is a coding that was not asked for")
	}
}

// TestSiblingChanged changes siblings after their files were packed.
func TestSiblingChanged(t *testing.T) {
	for what, now := range map[string]string{
		"longer":        tartest.Brotli(page(1)) + "x",
		"other content": strings.Repeat("x", len(tartest.Brotli(page(1)))),
	} {
		dir, s := siblingTree(t), &siblings.Set{}
		archive := tartest.Pack(t, dir, pack.Options{Siblings: s})
		tartest.WriteFile(t, filepath.Join(dir, "a.html.br"), []byte(now))
		_, err := variants.Build(t.Context(), archive, variants.Options{Siblings: s})
		if !errors.Is(err, format.ErrChanged) || !strings.Contains(err.Error(), "a.html.br") {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(archive + format.VariantsSuffix); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: there are variants (%v)", what, err)
		}
	}
}
