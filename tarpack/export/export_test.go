package export

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/pack"
)

const stamp = 1700000001 // odd: the times of MS-DOS are even

// noise returns content that does not compress.
func noise(n int) string {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = r.Read(b)
	return string(b)
}

// text returns content that does.
func text(n int) string { return strings.Repeat("all that glitters is not gold\n", n/30+1)[:n] }

// writeTree writes files. A name that ends in a slash is a directory, content "-> X" a symbolic
// link, "=> X" a hard link.
func writeTree(t testing.TB, files [][2]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		name := filepath.Join(dir, f[0])
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		link, soft := strings.CutPrefix(f[1], "-> ")
		target, hard := strings.CutPrefix(f[1], "=> ")
		switch {
		case err != nil:
		case strings.HasSuffix(f[0], "/"):
			err = os.MkdirAll(name, 0o755)
		case soft:
			filetest.NeedSymlinks(t)
			err = os.Symlink(link, name)
		case hard:
			err = os.Link(filepath.Join(dir, target), name)
		default:
			err = os.WriteFile(name, []byte(f[1]), 0o640)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type() != fs.ModeSymlink {
			err = os.Chtimes(name, time.Time{}, time.Unix(stamp, 0))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var long = strings.Repeat("long-name-", 15)

// everything has all kinds of entries, some of which share groups.
var everything = [][2]string{
	{"a/one", text(5000)}, {"a/two", noise(200000)}, {"a/empty", ""}, {"a/dup", text(5000)},
	{"a/deep/x", "x"}, {"a/deep/er/y", text(3 << 20)}, {"a/deep/er/z", "-> ../../one"},
	{"a/" + long + "/" + long + "/f", "far down"}, {"a/ünï", "umlauts"}, {"a/none/", ""},
	{"b/one", text(5000)}, {"b/own", "own"}, {"b/other", "=> a/two"}, {"b/soft", "-> " + long},
	{"b/sub/one", text(5000)}, {"b/sub/big", text(3 << 20)},
	{"c/", ""}, {"d/only", text(5000)}, {"d/e/", ""}, {"d/e/f/", ""}, {"d/zero", ""},
	{"e/a\nb<\"&>", "odd"}, {"e/\xff\xfe", "bytes"}, {"e/back\\slash", "kept"},
	{"e/.\\..\\up", "up"},
	{"top", "top"}, {"z", "-> top"},
}

func openTree(t testing.TB, dir string) *tarpack.Archive {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	if _, err := pack.Dir(context.Background(), dir, out, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	return openArchive(t, out)
}

func openArchive(t testing.TB, name string) *tarpack.Archive {
	t.Helper()
	a, err := tarpack.Open(context.Background(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// folders returns all paths of an archive, and the root.
func folders(t testing.TB, a *tarpack.Archive) []string {
	t.Helper()
	paths := []string{""}
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, string(row.Path))
	}
	return paths
}

func mustExport(t testing.TB, a *tarpack.Archive, path string, format Format) (*File, []byte) {
	t.Helper()
	f, err := Folder(a, path, format)
	if err != nil {
		t.Fatalf("%q: %v", path, err)
	}
	var b bytes.Buffer
	if n, err := f.WriteTo(&b); err != nil || n != f.Size() || int64(b.Len()) != n {
		t.Fatalf("%q: wrote %d of %d, %v", path, n, f.Size(), err)
	}
	return f, b.Bytes()
}

// below returns the paths that an export of a folder must have, without its parents.
func below(paths []string, folder string) []string {
	var in []string
	for _, p := range paths {
		if p != "" && (folder == "" || p == folder || strings.HasPrefix(p, folder+"/")) {
			in = append(in, p)
		}
	}
	slices.Sort(in)
	return in
}

func TestTarGz(t *testing.T) {
	dir := writeTree(t, everything)
	for name, a := range map[string]*tarpack.Archive{"packed": openTree(t, dir),
		"shuffled": shuffled(t, openTree(t, dir))} {
		t.Run(name, func(t *testing.T) {
			paths := folders(t, a)
			for _, folder := range paths {
				f, b := mustExport(t, a, folder, TarGz)
				checkArchive(t, folder, f, b)
				got := readTar(t, dir, b)
				want := below(paths, folder)
				for up := path.Dir(folder); up != "." && folder != ""; up = path.Dir(up) {
					want = append(want, up)
				}
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%q:\n%q\n%q", folder, got, want)
				}
			}
		})
	}
}

// checkArchive checks that an export is an archive: indexing it gives the digest in its trailer.
func checkArchive(t *testing.T, folder string, f *File, b []byte) {
	t.Helper()
	var m build.Memory
	res, err := scan.BuildIndex(context.Background(), bytes.NewReader(b), int64(len(b)), &m,
		scan.Options{})
	if err != nil {
		t.Fatalf("%q: %v", folder, err)
	}
	trailer, err := format.ParseTrailer(b[len(b)-format.EndSize:])
	if err != nil || trailer.Digest != res.Digest || int(trailer.Entries) != f.Entries() {
		t.Errorf("%q: trailer %+v, %v; its index is %+v", folder, trailer, err, res)
	}
}

// readTar reads a tar.gz, compares each entry with the file of that path in dir, and returns the
// paths.
func readTar(t *testing.T, dir string, b []byte) []string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(h.Name, "/")
		if h.Typeflag == tar.TypeLink && !slices.Contains(paths, h.Linkname) {
			t.Errorf("%q links to %q, which does not come before it", name, h.Linkname)
		}
		paths = append(paths, name)
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		checkFile(t, filepath.Join(dir, name), h.FileInfo(), content, h.Linkname,
			h.Typeflag == tar.TypeReg)
	}
	slices.Sort(paths)
	return paths
}

// checkFile compares the metadata and content of a file in an export with the file on disk.
func checkFile(t *testing.T, name string, got fs.FileInfo, content []byte, link string,
	hasContent bool) {
	t.Helper()
	want, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	mask := fs.ModePerm
	if want.Mode()&fs.ModeSymlink != 0 {
		if text, _ := os.Readlink(name); link != text || got.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%q is a link to %q of mode %v", name, link, got.Mode())
		}
		return
	}
	if got.Mode()&mask != want.Mode()&mask || got.IsDir() != want.IsDir() ||
		!got.ModTime().Equal(want.ModTime()) {
		t.Errorf("%q: %v %v, want %v %v", name, got.Mode(), got.ModTime(), want.Mode(),
			want.ModTime())
	}
	if hasContent && !want.IsDir() {
		if b, err := os.ReadFile(name); err != nil || !bytes.Equal(b, content) {
			t.Errorf("%q: %d bytes, which are not its %d", name, len(content), len(b))
		}
	}
}

func TestZip(t *testing.T) {
	dir := writeTree(t, everything)
	a := openTree(t, dir)
	paths := folders(t, a)
	for _, folder := range paths {
		f, b := mustExport(t, a, folder, Zip)
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("%q: %v", folder, err)
		}
		var got []string
		for _, e := range z.File {
			name := strings.TrimSuffix(strings.ReplaceAll(e.Name, "\uff3c", `\`), "/")
			got = append(got, name)
			r, err := e.Open()
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(r)
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			if strings.HasPrefix(name, "a/two") && e.Method != zip.Store || name == "a/one" &&
				e.Method != zip.Deflate {
				t.Errorf("%q: method %d", name, e.Method)
			}
			checkFile(t, filepath.Join(dir, name), e.FileInfo(), content, string(content), true)
		}
		slices.Sort(got)
		if want := below(paths, folder); !slices.Equal(got, want) || len(got) != f.Entries() {
			t.Errorf("%q:\n%q\n%q", folder, got, want)
		}
	}
}

func TestZipNames(t *testing.T) {
	dir := writeTree(t, everything)
	_, b := mustExport(t, openTree(t, dir), "e", Zip)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"e/", "e/.\uff3c..\uff3cup", "e/a\nb<\"&>", "e/back\uff3cslash", "e/\xff\xfe"}
	for i, e := range z.File {
		if e.Name != want[i] || e.NonUTF8 != (i == 4) {
			t.Errorf("%q, want %q; not UTF-8: %v", e.Name, want[i], e.NonUTF8)
		}
	}
}

// Reading an export in pieces of any size, at any offset, gives the same bytes as reading all of
// it.
func TestReadAt(t *testing.T) {
	dir := writeTree(t, everything)
	for _, a := range []*tarpack.Archive{openTree(t, dir), shuffled(t, openTree(t, dir))} {
		for _, folder := range []string{"", "a", "b", "d/e", "e"} {
			for _, format := range []Format{TarGz, Zip} {
				f, want := mustExport(t, a, folder, format)
				r := rand.New(rand.NewPCG(1, 2))
				for range 400 {
					off := r.Int64N(f.Size())
					if r.IntN(2) == 0 { // near the ends, where the parts are small
						off = min(off%2000, f.Size()-1)
						if r.IntN(2) == 0 {
							off = f.Size() - 1 - off
						}
					}
					n := r.IntN(1 << r.IntN(19))
					got := make([]byte, n)
					m, err := f.ReadAt(got, off)
					rest := want[off:min(off+int64(n), f.Size())]
					if m != len(rest) || !bytes.Equal(got[:m], rest) ||
						(m < n) != errors.Is(err, io.EOF) {
						t.Fatalf("%q %v: %d bytes at %d of %d: %d, %v", folder, format, n, off,
							f.Size(), m, err)
					}
				}
				if _, err := f.ReadAt(make([]byte, 1), f.Size()); !errors.Is(err, io.EOF) {
					t.Error(err)
				}
			}
		}
	}
}

func TestTag(t *testing.T) {
	a := openTree(t, writeTree(t, everything))
	seen := map[uint64]string{}
	for _, folder := range folders(t, a) {
		for _, format := range []Format{TarGz, Zip} {
			f, err := Folder(a, folder, format)
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("%v of %q", format, folder)
			if other, ok := seen[f.Tag()]; ok {
				t.Errorf("%s has the tag of %s", name, other)
			}
			seen[f.Tag()] = name
		}
	}
}

func TestNoEntry(t *testing.T) {
	a := openTree(t, writeTree(t, everything))
	if _, err := Folder(a, "nothing", Zip); err == nil {
		t.Error("a folder that is not there")
	}
}

func TestTruncated(t *testing.T) {
	a := openTree(t, writeTree(t, everything))
	f, err := Folder(a, "a", Zip)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(a.Name(), 1000); err != nil {
		t.Fatal(err)
	}
	if n, err := f.WriteTo(io.Discard); err == nil {
		t.Errorf("%d bytes of an archive that was cut short", n)
	}
}

func TestSingle(t *testing.T) {
	dir := writeTree(t, everything)
	a := openTree(t, dir)
	for _, folder := range []string{"", "a", "b"} {
		f, whole := mustExport(t, a, folder, TarGz)
		var b bytes.Buffer
		if err := Single(context.Background(), f, &b, 6); err != nil {
			t.Fatal(err)
		}
		single := bytes.NewReader(b.Bytes())
		z, err := gzip.NewReader(single)
		if err != nil {
			t.Fatal(err)
		}
		z.Multistream(false)
		got, err := io.ReadAll(z)
		if err != nil || single.Len() > 0 {
			t.Fatalf("%q: %d bytes after the first member, %v", folder, single.Len(), err)
		}
		all, err := gzip.NewReader(bytes.NewReader(whole))
		if err != nil {
			t.Fatal(err)
		}
		if want, err := io.ReadAll(all); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %d bytes of tar, want %d, %v", folder, len(got), len(want), err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f, _ := mustExport(t, a, "a", TarGz)
	if err := Single(ctx, f, io.Discard, 6); err == nil {
		t.Error("a context that was canceled is not heeded")
	}
}
