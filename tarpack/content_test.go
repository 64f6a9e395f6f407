package tarpack_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// TestAppendContent reads contents whole: small and large ones, of an archive that is signed and of
// one that is not.
func TestAppendContent(t *testing.T) {
	files := signedFiles()
	name, trust := packSigned(t, files)
	for how, o := range map[string]tarpack.OpenOptions{"plain": {}, "signed": {Trust: trust}} {
		a := openSigned(t, name, o)
		for path, file := range files {
			i, ok, err := a.Index().Lookup(path)
			if !ok || err != nil {
				t.Fatal(path, ok, err)
			}
			got, err := a.AppendContent([]byte("before"), i)
			if err != nil || !bytes.Equal(got, append([]byte("before"), file.Data...)) {
				t.Errorf("%s: %s: %d bytes, %v", how, path, len(got), err)
			}
		}
		i, _, err := a.Index().Lookup("dir")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.AppendContent([]byte("x"), i); !errors.Is(err, sidecar.ErrRange) ||
			string(got) != "x" {
			t.Errorf("%s: of a directory: %q, %v", how, got, err)
		}
	}
}

// TestAppendContentDamaged: no byte of a damaged content is returned.
func TestAppendContentDamaged(t *testing.T) {
	files := signedFiles()
	name, trust := packSigned(t, files)
	for how, o := range map[string]tarpack.OpenOptions{"plain": {}, "signed": {Trust: trust}} {
		want := gzmember.ErrCorrupt
		if how == "signed" {
			want = signature.ErrContent
		}
		for _, path := range []string{"dir/small", "text", "noise", "mib"} {
			a := openSigned(t, name, o)
			i, _, err := a.Index().Lookup(path)
			if err != nil {
				t.Fatal(err)
			}
			c, err := a.Content(i)
			if err != nil {
				t.Fatal(err)
			}
			flipByte(t, name, c.Offset+c.Length/2)
			got, err := a.AppendContent([]byte("x"), i)
			if !errors.Is(err, want) || string(got) != "x" {
				t.Errorf("%s: %s: %d bytes, %v", how, path, len(got), err)
			}
			flipByte(t, name, c.Offset+c.Length/2)
		}
	}
}

// flipByte changes a byte of a file.
func flipByte(t *testing.T, name string, off int64) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x55
	if _, err := f.WriteAt(b[:], off); err != nil {
		t.Fatal(err)
	}
}

// TestAppendContentKeeper: a source that keeps bytes is told that they were right.
func TestAppendContentKeeper(t *testing.T) {
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"small", "text"}), pack.Options{})
	archive, index := tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
	k := &keeper{Source: source.Of(bytes.NewReader(archive), int64(len(archive)))}
	a, err := tarpack.OpenSource(t.Context(), "x", k, bytes.NewReader(index), int64(len(index)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if k.c, err = a.Content(0); err != nil {
		t.Fatal(err)
	}
	got, err := a.AppendContent(nil, 0)
	if err != nil || string(got) != "text" || len(k.told) != 1 || k.told[0] != "right" {
		t.Errorf("%q, %v, told %q", got, err, k.told)
	}
}

// TestUnloadIndex: an index that was unloaded is read again where it is needed.
func TestUnloadIndex(t *testing.T) {
	files := signedFiles()
	name, trust := packSigned(t, files)
	inside, itsTrust := packSignedInside(t, files)
	for _, c := range []struct {
		name string
		o    tarpack.OpenOptions
	}{
		{name, tarpack.OpenOptions{}}, {name, tarpack.OpenOptions{Trust: trust}},
		{name, tarpack.OpenOptions{LoadIndex: 1 << 30}}, {name, tarpack.OpenOptions{LoadIndex: 1}},
		{inside, tarpack.OpenOptions{}}, {inside, tarpack.OpenOptions{Trust: itsTrust}},
	} {
		a := openSigned(t, c.name, c.o)
		for range 2 {
			a.UnloadIndex()
			if err := fstest.TestFS(a.FS(), "dir/small", "text"); err != nil {
				t.Error(err)
			}
			for path, want := range files {
				got, err := fs.ReadFile(a.FS(), path)
				if err != nil || !bytes.Equal(got, want.Data) {
					t.Errorf("%s: %d bytes, %v", path, len(got), err)
				}
			}
		}
	}
}
