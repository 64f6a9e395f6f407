package convert_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// Paths that occur twice, links to them, missing parents, and dangerous names.
func TestConvertHostile(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range []struct {
		typ        byte
		name, more string
	}{
		{tar.TypeReg, "a", "first"}, {tar.TypeLink, "b", "a"}, {tar.TypeLink, "c", "./b"},
		{tar.TypeReg, "a", "second"}, {tar.TypeLink, "d", "a"},
		{tar.TypeLink, "d", "d"}, // to itself
		{tar.TypeReg, "x/./y//z", "deep"}, {tar.TypeDir, "./", ""}, {tar.TypeDir, "x/", ""},
		{tar.TypeSymlink, "s", "x"}, {tar.TypeReg, "s/through", "!"}, {tar.TypeReg, "a/below", "!"},
		{tar.TypeReg, "../out", "!"}, {tar.TypeReg, "/../etc/passwd", "!"},
		{tar.TypeReg, "x/../../out", "!"}, {tar.TypeLink, "e", "../out"},
		{tar.TypeLink, "f", "none"}, {tar.TypeLink, "g", "x"}, {tar.TypeLink, "h", "s"},
		{tar.TypeReg, strings.Repeat("n", 256), "!"},
	} {
		h := &tar.Header{Typeflag: e.typ, Name: e.name, Mode: 0o644, Format: tar.FormatPAX}
		if e.typ == tar.TypeReg {
			h.Size = int64(len(e.more))
		} else {
			h.Linkname = e.more
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if e.typ == tar.TypeReg {
			w.Write([]byte(e.more))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var refused []string
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	o := convert.Options{Problem: func(p *format.Problem) { refused = append(refused, p.Path) }}
	res, err := convert.Convert(context.Background(), &b, out, o)
	if err != nil {
		t.Fatal(err)
	}
	tartest.WantListing(t, out, "0 a 6", "0 b 5", "1 c > b", "1 d > a", "2 h > x", "2 s > x",
		"5 x/", "5 x/y/", "0 x/y/z 4")
	want := []string{"../out", "/../etc/passwd", "a/below", "e", "f", "g", strings.Repeat("n", 256),
		"s/through", "x/../../out"}
	slices.Sort(refused)
	if !slices.Equal(refused, want) || res.Refused != int64(len(want)) {
		t.Errorf("refused %q, want %q", refused, want)
	}
	a := tartest.Open(t, out)
	contents := map[string]string{"a": "second", "b": "first", "c": "first", "d": "second"}
	for name, content := range contents {
		if got, err := a.FS().(fs.ReadFileFS).ReadFile(name); string(got) != content || err != nil {
			t.Errorf("%s holds %q, want %q (%v)", name, got, content, err)
		}
	}
}

// Deflate streams of a zip are copied unchanged. A damaged one is refused, and the rest is
// converted.
func TestConvertZip(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"one", "two", "three"} {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(strings.Repeat(name+" and more ", 40)))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	at, _ := r.File[0].DataOffset()
	raw := bytes.Clone(b.Bytes()[at : at+int64(r.File[0].CompressedSize64)])
	bad, _ := r.File[1].DataOffset()
	b.Bytes()[bad+20] ^= 0xff
	var refused []string
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	o := convert.Options{Problem: func(p *format.Problem) { refused = append(refused, p.Path) }}
	if _, err := convert.Convert(context.Background(), bytes.NewReader(b.Bytes()), out,
		o); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(refused, []string{"two"}) {
		t.Errorf("refused %q", refused)
	}
	a := tartest.Open(t, out)
	i, _, err := a.Index().Lookup("one")
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Content(i)
	if err != nil {
		t.Fatal(err)
	}
	member := make([]byte, c.Length)
	if _, err := a.Source().ReadAt(member, c.Offset); err != nil ||
		!bytes.Equal(member[10:len(member)-8], raw) {
		t.Errorf("another deflate stream (%v)", err)
	}
}

func TestConvertNothing(t *testing.T) {
	for _, in := range []string{"", "x", strings.Repeat("no tar ", 200), "\x1f\x8b\x08\x00",
		"PK\x03\x04 no zip", "BZh9", "\xfd7zXZ\x00"} {
		out := filepath.Join(t.TempDir(), "out.tar.gz")
		if _, err := convert.Convert(context.Background(), strings.NewReader(in), out,
			convert.Options{}); !errors.Is(err, convert.ErrNotConvertible) {
			t.Errorf("%q: %v", in, err)
		}
		if names, _ := filepath.Glob(filepath.Join(filepath.Dir(out), "*")); len(names) > 0 {
			t.Errorf("left behind: %q", names)
		}
	}
}
