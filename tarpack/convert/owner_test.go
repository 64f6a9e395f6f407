package convert_test

import (
	"archive/tar"
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// Owners up to 2^32 − 2 are kept, and the next becomes 0. A symbolic link gets the mode 0777.
func TestConvertOwners(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, id := range map[string]int{"a": 1 << 31, "b": 1<<32 - 2, "c": 1<<32 - 1} {
		h := tar.Header{Name: name, Mode: 0o644, Uid: id, Gid: id, Format: tar.FormatPAX}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	link := tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "a", Mode: 0o644}
	if err := w.WriteHeader(&link); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	res, err := convert.Convert(context.Background(), &b, out, convert.Options{})
	if err != nil || res.Entries != 4 || res.Refused != 1 {
		t.Fatalf("%+v, %v", res, err)
	}
	tartest.WantSound(t, out)
	a, err := tarpack.Open(context.Background(), out, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for name, want := range map[string]int{"a": 1 << 31, "b": 1<<32 - 2, "c": 0} {
		i, _, err := a.Index().Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		e, err := a.Index().Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		g, err := format.ReadGroup(a.Source(), e.Offset, int(e.HeaderLen))
		if err != nil {
			t.Fatal(err)
		}
		h, _, err := format.ParseHeader(g.Blocks)
		if err != nil || h.UID != want || h.GID != want {
			t.Errorf("%s: owner %d:%d, %v", name, h.UID, h.GID, err)
		}
	}
	i, _, err := a.Index().Lookup("l")
	if err != nil {
		t.Fatal(err)
	}
	if e, err := a.Index().Entry(i); err != nil || e.Mode != format.LinkMode {
		t.Errorf("link: mode %o, %v", e.Mode, err)
	}
}
