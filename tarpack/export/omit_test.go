package export

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
)

// TestFolderWithout leaves entries out: files, a folder, the target of a hard link, and part of a
// group. archive/tar and archive/zip list exactly the others, with their content. The tar.gz is an
// archive with the right digest.
func TestFolderWithout(t *testing.T) {
	secret := func(path string) bool {
		for name := range strings.SplitSeq(path, "/") {
			if strings.HasPrefix(name, ".") || name == "private" {
				return true
			}
		}
		return false
	}
	shared, big := text(300), noise(200_000)
	dir := writeTree(t, [][2]string{
		{".env", shared}, {".git/", ""}, {".git/config", text(40)}, {".git/deep/x", big},
		{"a.txt", shared}, {"b.txt", shared}, {"d/", ""}, {"d/.hidden", text(77)}, {"d/e.bin", big},
		{"d/copy", text(77)}, {"d/private/", ""}, {"d/private/key", text(90)}, {"empty/", ""},
		{"private/", ""}, {"private/z", text(50)}, {"z.txt", text(1000)},
	})
	a := openTree(t, dir)
	content := map[string]string{"a.txt": shared, "b.txt": shared, "d/e.bin": big,
		"d/copy": text(77), "z.txt": text(1000)}
	for _, c := range []struct {
		folder string
		want   []string
	}{
		{"", []string{"a.txt", "b.txt", "d", "d/copy", "d/e.bin", "empty", "z.txt"}},
		{"d", []string{"d", "d/copy", "d/e.bin"}},
	} {
		f, err := FolderWithout(a, c.folder, TarGz, secret)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if n, err := f.WriteTo(&b); err != nil || n != f.Size() {
			t.Fatalf("%q: %d of %d bytes, %v", c.folder, n, f.Size(), err)
		}
		checkArchive(t, c.folder, f, b.Bytes())
		if got := readTar(t, dir, b.Bytes()); !slices.Equal(sorted(got), c.want) {
			t.Errorf("%q: tar has %q, want %q", c.folder, sorted(got), c.want)
		}
		part := make([]byte, f.Size()/3)
		if _, err := f.ReadAt(part, f.Size()/3); err != nil ||
			!bytes.Equal(part, b.Bytes()[f.Size()/3:][:len(part)]) {
			t.Errorf("%q: other bytes in the middle: %v", c.folder, err)
		}
		if all, err := Folder(a, c.folder, TarGz); err != nil || all.Tag() == f.Tag() {
			t.Errorf("%q: the tag is that of the whole folder", c.folder)
		}

		z, err := FolderWithout(a, c.folder, Zip, secret)
		if err != nil {
			t.Fatal(err)
		}
		b.Reset()
		if _, err := z.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range r.File {
			name := strings.TrimSuffix(e.Name, "/")
			names = append(names, name)
			rc, err := e.Open()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(rc); err != nil || string(got) != content[name] {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
		}
		if !slices.Equal(sorted(names), c.want) {
			t.Errorf("%q: zip has %q, want %q", c.folder, sorted(names), c.want)
		}
	}
}

func sorted(names []string) []string {
	clean := make([]string, 0, len(names))
	for _, n := range names {
		clean = append(clean, strings.TrimSuffix(n, "/"))
	}
	slices.Sort(clean)
	return clean
}

// TestWithoutEach leaves out each entry of a tree with everything below it, and all but one.
func TestWithoutEach(t *testing.T) {
	dir := writeTree(t, everything)
	a := openTree(t, dir)
	_, whole := mustExport(t, a, "", TarGz)
	all := readTar(t, dir, whole)
	for _, p := range all {
		under := func(path string) bool { return path == p || strings.HasPrefix(path, p+"/") }
		f, err := FolderWithout(a, "", TarGz, under)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := f.WriteTo(&b); err != nil {
			t.Fatalf("without %q: %v", p, err)
		}
		checkArchive(t, p, f, b.Bytes())
		want := slices.DeleteFunc(slices.Clone(all), under)
		if got := readTar(t, dir, b.Bytes()); !slices.Equal(got, want) {
			t.Errorf("without %q: %q", p, got)
		}
	}
	f, err := FolderWithout(a, "", TarGz, func(path string) bool { return path != "top" })
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	checkArchive(t, "top", f, b.Bytes())
	if got := readTar(t, dir, b.Bytes()); !slices.Equal(got, []string{"top"}) {
		t.Errorf("only top: %q", got)
	}
}
