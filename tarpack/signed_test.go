package tarpack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// signedFiles have one unit, several, and none.
func signedFiles() fstest.MapFS {
	return fstest.MapFS{
		"dir/small": {Data: []byte(tartest.Text("small", 70_000)), Mode: 0o644},
		"dir/empty": {Mode: 0o644},
		"text":      {Data: []byte(tartest.Text("text", 3<<20+5)), Mode: 0o644},
		"noise":     {Data: []byte(tartest.Noise("noise", 2<<20)), Mode: 0o755},
		"mib":       {Data: []byte(tartest.Noise("mib", 1<<20)), Mode: 0o644},
	}
}

// packSigned packs files and signs the archive.
func packSigned(t *testing.T, files fs.FS) (name string, trust *signature.Trust) {
	t.Helper()
	return packSignedAs(t, files, pack.FSOptions{SHA256: true})
}

// packSignedInside is packSigned for an archive with its index in itself.
func packSignedInside(t *testing.T, files fs.FS) (name string, trust *signature.Trust) {
	t.Helper()
	return packSignedAs(t, files, pack.FSOptions{SHA256: true, EmbedIndex: true})
}

func packSignedAs(t *testing.T, files fs.FS, o pack.FSOptions) (string, *signature.Trust) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.tar.gz")
	if _, err := pack.FS(t.Context(), files, name, o); err != nil {
		t.Fatal(err)
	}
	return name, tartest.Sign(t, name)
}

func openSigned(t *testing.T, name string, o tarpack.OpenOptions) *tarpack.Archive {
	t.Helper()
	a, err := tarpack.Open(t.Context(), name, &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// TestSignedFS reads a signed archive as a file system, with its index read in parts, in memory,
// mapped, and built again.
func TestSignedFS(t *testing.T) {
	files := signedFiles()
	name, trust := packSigned(t, files)
	for how, o := range map[string]tarpack.OpenOptions{
		"parts": {}, "memory": {LoadIndex: 1 << 30}, "mapped": {LoadIndex: 1},
	} {
		t.Run(how, func(t *testing.T) {
			o.Trust, o.RequireSidecar = trust, true
			testSignedFS(t, openSigned(t, name, o), files)
		})
	}
	inside, itsTrust := packSignedInside(t, files)
	for how, limit := range map[string]int64{"in the archive": 0, "in the archive, loaded": 1 << 30} {
		t.Run(how, func(t *testing.T) {
			a := openSigned(t, inside, tarpack.OpenOptions{Trust: itsTrust, LoadIndex: limit,
				RequireSidecar: true})
			if !a.IndexEmbedded() {
				t.Error("it is not the index in the archive")
			}
			testSignedFS(t, a, files)
		})
	}
	if err := os.Remove(name + format.SidecarSuffix); err != nil {
		t.Fatal(err)
	}
	a := openSigned(t, name, tarpack.OpenOptions{Trust: trust})
	if !a.IndexRebuilt() {
		t.Error("the index was not built again")
	}
	testSignedFS(t, a, files)
}

func testSignedFS(t *testing.T, a *tarpack.Archive, files fstest.MapFS) {
	t.Helper()
	if err := fstest.TestFS(a.FS(), "dir/small", "dir/empty", "text", "noise", "mib"); err != nil {
		t.Error(err)
	}
	for path, want := range files {
		if want.Mode.IsDir() {
			continue
		}
		got, err := fs.ReadFile(a.FS(), path)
		if err != nil || !bytes.Equal(got, want.Data) {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	if err := a.CheckSigned(t.Context()); err != nil {
		t.Error(err)
	}
	sound, release, err := a.Sound(t.Context(), nil)
	if err != nil || sound != a {
		t.Errorf("Sound: %v, %v", sound, err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

// TestSignedSeek compares what a reader of a signed content returns with bytes.Reader.
func TestSignedSeek(t *testing.T) {
	files := signedFiles()
	name, trust := packSigned(t, files)
	a := openSigned(t, name, tarpack.OpenOptions{Trust: trust})
	for _, path := range []string{"dir/small", "dir/empty", "text", "noise"} {
		i, _, err := a.Index().Lookup(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := a.OpenContent(i)
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.NewReader(files[path].Data)
		for _, at := range []struct {
			off    int64
			whence int
			n      int
		}{
			{0, io.SeekStart, 10}, {100, io.SeekCurrent, 1 << 20}, {-5, io.SeekEnd, 10},
			{1<<20 - 1, io.SeekStart, 2}, {1 << 20, io.SeekStart, 1 << 20}, {-1, io.SeekStart, 1},
			{0, 9, 1}, {5 << 20, io.SeekStart, 1}, {0, io.SeekStart, 5 << 20},
		} {
			p1, err1 := r.Seek(at.off, at.whence)
			p2, err2 := want.Seek(at.off, at.whence)
			if p1 != p2 || (err1 == nil) != (err2 == nil) {
				t.Errorf("%s: seek %v: %d, %v, want %d, %v", path, at, p1, err1, p2, err2)
			}
			b1, b2 := make([]byte, at.n), make([]byte, at.n)
			n1, err1 := io.ReadFull(r, b1)
			n2, err2 := io.ReadFull(want, b2)
			if n1 != n2 || err1 != err2 || !bytes.Equal(b1, b2) {
				t.Errorf("%s: read %v: %d, %v, want %d, %v", path, at, n1, err1, n2, err2)
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestSignedBytes flips each byte of an archive and of its sidecar, and of one with its index in
// itself, one at a time. With the signature, no reader returns anything but the right contents, or
// an error of the archive.
func TestSignedBytes(t *testing.T) {
	files := fstest.MapFS{"d/a": {Data: []byte(tartest.Text("a", 3000)), Mode: 0o644},
		"l": {Data: []byte("d/a"), Mode: fs.ModeSymlink | 0o777}}
	name, trust := packSigned(t, files)
	inside, itsTrust := packSignedInside(t, files)
	for _, file := range []string{name, name + format.SidecarSuffix, inside} {
		if file == inside {
			name, trust = inside, itsTrust
		}
		good := tartest.Read(t, file)
		step := 1
		if testing.Short() {
			step = 7
		}
		for at := 0; at < len(good); at += step {
			bad := bytes.Clone(good)
			bad[at] ^= 0x10
			tartest.WriteFile(t, file, bad)
			if err := readSigned(t.Context(), name, trust, files["d/a"].Data); err != nil {
				t.Errorf("%s, byte %d: %v", filepath.Ext(file), at, err)
			}
		}
		tartest.WriteFile(t, file, good)
	}
}

// readSigned returns an error if a signed archive returns wrong things.
func readSigned(ctx context.Context, name string, trust *signature.Trust, want []byte) error {
	a, err := tarpack.Open(ctx, name, &tarpack.OpenOptions{Trust: trust})
	if err != nil {
		return nil
	}
	defer a.Close()
	got, err := fs.ReadFile(a.FS(), "d/a")
	if err == nil && !bytes.Equal(got, want) {
		return errors.New("another content")
	}
	if link, err := fs.ReadLink(a.FS(), "l"); err == nil && link != "d/a" {
		return errors.New("another link")
	}
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			return nil
		}
		if row.Entry.Mode != 0o644 && row.Entry.Type == sidecar.TypeFile {
			return errors.New("another mode")
		}
	}
	return nil
}

// TestSignedSource opens a signed archive that has no files beside it.
func TestSignedSource(t *testing.T) {
	files := signedFiles()
	name, trust := packSigned(t, files)
	b, side := tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
	open := func(o tarpack.OpenOptions, side []byte) (*tarpack.Archive, error) {
		return tarpack.OpenSource(t.Context(), name, source.Of(bytes.NewReader(b), int64(len(b))),
			bytes.NewReader(side), int64(len(side)), &o)
	}
	_, err := open(tarpack.OpenOptions{Trust: trust}, side)
	if !errors.Is(err, signature.ErrUnsigned) {
		t.Errorf("Trust: %v", err)
	}
	signed, err := trust.Check("x.tar.gz", tartest.Read(t, name+signature.SumSuffix),
		tartest.Read(t, name+signature.SignatureSuffix))
	if err != nil {
		t.Fatal(err)
	}
	a, err := open(tarpack.OpenOptions{Signed: signed}, side)
	if err != nil {
		t.Fatal(err)
	}
	testSignedFS(t, a, files)
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	bad := bytes.Clone(side)
	bad[512] ^= 1
	a, err = open(tarpack.OpenOptions{Signed: signed}, bad)
	if err != nil {
		t.Fatal(err) // the block is not read yet
	}
	defer a.Close()
	if _, err := a.FS().Open("text"); !errors.Is(err, sidecar.ErrSum) {
		t.Errorf("a forged record: %v", err)
	}
	bad = bytes.Clone(side)
	bad[100] ^= 1
	tartest.Vouch(b, bad)
	if _, err = open(tarpack.OpenOptions{Signed: signed}, bad); !errors.Is(err, signature.ErrIndex) {
		t.Errorf("a forged header: %v", err)
	}
}

// A countingSource counts the bytes that are read from a source.
type countingSource struct {
	source.Source
	bytes atomic.Int64
}

func (s *countingSource) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.Source.ReadAt(p, off)
	s.bytes.Add(int64(n))
	return n, err
}

// TestSignedParts reads one file of a signed archive with its index in itself by parts: the header,
// and of the lists and of the sections only the blocks that it needs, however many entries there
// are.
func TestSignedParts(t *testing.T) {
	read := map[int]int64{}
	for _, n := range []int{2_000, 20_000} {
		files := fstest.MapFS{}
		for i := range n {
			files[fmt.Sprintf("d%02d/f%05d", i%50, i)] = &fstest.MapFile{Mode: 0o644}
		}
		files["a/b"] = &fstest.MapFile{Mode: 0o644, Data: []byte("content")}
		name, trust := packSignedInside(t, files)
		signed, err := trust.Check("x.tar.gz", tartest.Read(t, name+signature.SumSuffix),
			tartest.Read(t, name+signature.SignatureSuffix))
		if err != nil {
			t.Fatal(err)
		}
		b := tartest.Read(t, name)
		src := &countingSource{Source: source.Of(bytes.NewReader(b), int64(len(b)))}
		a, err := tarpack.OpenSource(t.Context(), name, src, nil, 0, &tarpack.OpenOptions{Signed: signed})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := fs.ReadFile(a.FS(), "a/b"); string(got) != "content" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		read[n] = src.bytes.Load()
	}
	// Each of records, paths, table and lists is read in one or two blocks of 64 KiB.
	if read[20_000] > 10<<16 || read[20_000] > 2*read[2_000] {
		t.Errorf("bytes read by number of files: %v", read)
	}
	t.Logf("bytes read by number of files: %v", read)
}
