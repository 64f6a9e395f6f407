package precompressed_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/precompressed"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/internal/tree"
	"github.com/tarpack/tpk/tarpack/siblings"
)

const text = "the content of x"

// find returns the names that are left out, and the notices, of a tree.
func find(
	t testing.TB, dir string, w tree.Walker, follow bool,
) (left, notices []string, s *siblings.Set) {
	t.Helper()
	tr, err := tree.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	tr.Follow = follow
	s = &siblings.Set{}
	s.Start(dir, follow)
	if err := precompressed.Find(t.Context(), tr, &w, 3, s); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(tr.Verdicts)) {
		if v := tr.Verdicts[name]; v.Leave {
			left = append(left, name)
		} else if v.Notice != nil {
			notices = append(notices, v.Notice.Error())
		}
	}
	if s.Left() != len(left) {
		t.Errorf("Left is %d, not %d", s.Left(), len(left))
	}
	return left, notices, s
}

func TestFind(t *testing.T) {
	const stale = "%s: not the content of x: packed as a file"
	wide := func() string {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, zstd.WithWindowSize(16<<20), zstd.WithSingleSegment(false))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, text[:5])
		w.Flush()
		fmt.Fprint(w, text[5:])
		w.Close()
		return b.String()
	}()
	gz := tartest.Gzip(text)
	type files = [][2]string
	for name, c := range map[string]struct {
		files   files
		exclude string
		follow  bool
		left    []string
		notice  string // the name of the file that is named in one
	}{
		"gzip":   {files: files{{"x.gz", gz}}, left: []string{"x.gz"}},
		"brotli": {files: files{{"x.br", tartest.Brotli(text)}}, left: []string{"x.br"}},
		"zstd":   {files: files{{"x.zst", tartest.Zstd(text)}}, left: []string{"x.zst"}},
		"other content": {
			files:  files{{"x.gz", tartest.Gzip("The content of x")}},
			notice: "x.gz",
		},
		"shorter":     {files: files{{"x.br", tartest.Brotli(text[1:])}}, notice: "x.br"},
		"longer":      {files: files{{"x.zst", tartest.Zstd(text + "x")}}, notice: "x.zst"},
		"longer gzip": {files: files{{"x.gz", tartest.Gzip(text + "x")}}, notice: "x.gz"},
		"two members": {files: files{{"x.gz", gz + tartest.Gzip("")}}, notice: "x.gz"},
		"content in two": {
			files:  files{{"x.gz", tartest.Gzip(text[:4]) + tartest.Gzip(text[4:])}},
			notice: "x.gz",
		},
		"bytes after":  {files: files{{"x.gz", gz + "\n"}}, notice: "x.gz"},
		"after brotli": {files: files{{"x.br", tartest.Brotli(text) + "\n"}}, notice: "x.br"},
		"after zstd": {
			files:  files{{"x.zst", tartest.Zstd(text) + tartest.Zstd("")}},
			notice: "x.zst",
		},
		"wide window": {files: files{{"x.zst", wide}}, notice: "x.zst"},
		"truncated":   {files: files{{"x.gz", gz[:30]}}, notice: "x.gz"},
		"no trailer":  {files: files{{"x.gz", gz[:len(gz)-8]}}, notice: "x.gz"},
		"wrong checksum": {
			files:  files{{"x.gz", gz[:len(gz)-8] + "12345678"}},
			notice: "x.gz",
		},
		"empty sibling":  {files: files{{"x.br", ""}}, notice: "x.br"},
		"not compressed": {files: files{{"x.gz", text}}, notice: "x.gz"},
		"much longer": {
			files:  files{{"x.gz", gz + strings.Repeat("x", 1<<17)}},
			notice: "x.gz",
		},
		"no file":       {files: files{{"y.gz", gz}}},
		"in a folder":   {files: files{{"dir/x.gz", gz}}},
		"a folder":      {files: files{{"d/f", ""}, {"d.gz", tartest.Gzip("")}}},
		"excluded file": {files: files{{"x.gz", gz}}, exclude: "x"},
		"excluded":      {files: files{{"x.gz", gz}}, exclude: "*.gz"},
		"a link":        {files: files{{"f", gz}, {"x.gz", "-> f"}}},
		"a followed link": {
			files:  files{{"f", gz}, {"x.gz", "-> f"}},
			follow: true, left: []string{"x.gz"},
		},
		"hard links": {files: files{{"x.gz", gz}, {"y", "=> x"}, {"y.gz", "=> x.gz"}},
			left: []string{"x.gz", "y.gz"}},
		"of a sibling": {files: files{{"x.gz", gz}, {"x.gz.br", tartest.Brotli(gz)}},
			left: []string{"x.gz"}},
		"no name":    {files: files{{".gz", gz}}},
		"upper case": {files: files{{"x.GZ", gz}}},
		"empty file": {
			files: files{{"e", ""}, {"e.gz", tartest.Gzip("")}, {"e.br", tartest.Brotli("")}},
			left:  []string{"e.br", "e.gz"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tartest.Tree(t, append([][2]string{{"x", text}}, c.files...)...)
			var w tree.Walker
			if c.exclude != "" {
				w.Exclude = &exclude.Patterns{}
				if err := w.Exclude.Add(c.exclude); err != nil {
					t.Fatal(err)
				}
			}
			left, notices, _ := find(t, dir, w, c.follow)
			if !slices.Equal(left, c.left) {
				t.Errorf("left out %q, not %q", left, c.left)
			}
			var want []string
			if c.notice != "" {
				want = []string{fmt.Sprintf(stale, c.notice)}
			}
			if !slices.Equal(notices, want) {
				t.Errorf("notices %q, not %q", notices, want)
			}
		})
	}
}

// TestLarge has a file that is too large for variants, but not for gzip.
func TestLarge(t *testing.T) {
	content := strings.Repeat("\x00", variants.MaxContent+1)
	dir := tartest.Tree(t, [2]string{"x", content}, [2]string{"x.gz", tartest.Gzip(content)},
		[2]string{"x.zst", "not read"})
	left, notices, s := find(t, dir, tree.Walker{}, false)
	want := []string{"x.zst: of a file over 32 MiB: packed as a file"}
	if !slices.Equal(left, []string{"x.gz"}) || !slices.Equal(notices, want) || !s.Empty() {
		t.Errorf("left out %q, notices %q", left, notices)
	}
}

// TestSet reads the encodings that were noted.
func TestSet(t *testing.T) {
	br := tartest.Brotli(text)
	dir := tartest.Tree(t, [2]string{"d/x", text}, [2]string{"d/x.br", br},
		[2]string{"d/x.gz", tartest.Gzip(text)}, [2]string{"e/x", text}, [2]string{"e/x.br", "stale"})
	_, _, s := find(t, dir, tree.Walker{}, false)
	sum := sha256.Sum256([]byte(text))
	got, err := s.Read(sum, variants.Brotli)
	if string(got) != br || err != nil || !s.Has(sum) || s.Empty() {
		t.Errorf("%q: %v", got, err)
	}
	if b, err := s.Read(sum, variants.Zstd); b != nil || err != nil {
		t.Errorf("Zstandard: %q, %v", b, err)
	}
	if other := sha256.Sum256(nil); s.Has(other) {
		t.Error("another content has a sibling")
	}
	tartest.WriteFile(t, filepath.Join(dir, "d/x.br"), []byte(br+"longer"))
	if _, err := s.Read(sum, variants.Brotli); !errors.Is(err, format.ErrChanged) {
		t.Errorf("changed: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "d/x.br")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(sum, variants.Brotli); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
}

// TestChanged changes files between the walk that finds siblings and the one that packs.
func TestChanged(t *testing.T) {
	for _, name := range []string{"x", "x.gz"} {
		dir := tartest.Tree(t, [2]string{"x", text}, [2]string{"x.gz", tartest.Gzip(text)})
		tr, err := tree.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		if err := precompressed.Find(t.Context(), tr, &tree.Walker{}, 1, &siblings.Set{}); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		if err := os.Chtimes(filepath.Join(dir, name), now, now); err != nil {
			t.Fatal(err)
		}
		w := &tree.Walker{
			Notice: func(error) {}, EndDir: func() error { return nil },
			Entry: func(e tree.Entry) error {
				e.Dir.Release()
				return nil
			},
		}
		err = w.Walk(t.Context(), tr)
		if !errors.Is(err, format.ErrChanged) || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzCompare compares what is taken for a sibling with other decoders.
func FuzzCompare(f *testing.F) {
	for _, content := range []string{text, ""} {
		f.Add(content, tartest.Gzip(content), tartest.Brotli(content), tartest.Zstd(content))
	}
	f.Add(text, tartest.Gzip(text)+"x", tartest.Brotli(text)+"x", tartest.Zstd(text)+"x")
	var d variants.Decoder
	f.Cleanup(d.Close)
	f.Fuzz(func(t *testing.T, content, gz, br, zst string) {
		if precompressed.IsSibling(&d, ".gz", gz, content) {
			z, err := gzip.NewReader(strings.NewReader(gz))
			if err != nil {
				t.Fatal(err)
			}
			same(t, z, content)
		}
		if precompressed.IsSibling(&d, ".br", br, content) {
			same(t, brotli.NewReader(strings.NewReader(br)), content)
		}
		if precompressed.IsSibling(&d, ".zst", zst, content) {
			z, err := zstd.NewReader(strings.NewReader(zst))
			if err != nil {
				t.Fatal(err)
			}
			defer z.Close()
			same(t, z, content)
		}
		for ending, encoded := range map[string]string{
			".gz": tartest.Gzip(content), ".br": tartest.Brotli(content), ".zst": tartest.Zstd(content),
		} {
			if !precompressed.IsSibling(&d, ending, encoded, content) {
				t.Errorf("%s of %q is no sibling", ending, content)
			}
		}
	})
}

// same compares what a decoder reads with the content.
func same(t *testing.T, r io.Reader, content string) {
	t.Helper()
	if b, err := io.ReadAll(r); err != nil || string(b) != content {
		t.Errorf("it is %q, %v, not %q", b, err, content)
	}
}
