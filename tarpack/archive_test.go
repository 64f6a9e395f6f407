package tarpack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
)

// foreignTar is a .tar.gz of another program.
func foreignTar(t *testing.T, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "f", Mode: 0o644, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestTrailerBefore finds the end wherever it lies to the steps in which a file is read, and none where there is only part of one.
func TestTrailerBefore(t *testing.T) {
	const step = 1 << 20
	for _, rest := range []int{1, TrailerSize, step - TrailerSize, step - TrailerSize/2, step - 1, step, step + 1, 2*step - 1, searchedBack - TrailerSize} {
		for _, at := range []int{0, 1, 1000} {
			want := Trailer{Entries: 3, Offset: int64(at), Digest: 7}
			b := append(make([]byte, at), want.Append(nil)...)
			b = append(b, make([]byte, rest)...)
			if got, ok := trailerBefore(bytes.NewReader(b), int64(len(b))); !ok || got != want {
				t.Errorf("%d bytes after a trailer at %d: %+v, %v", rest, at, got, ok)
			}
			b[at+TrailerSize-1] ^= 1
			if got, ok := trailerBefore(bytes.NewReader(b), int64(len(b))); ok {
				t.Errorf("%d bytes after a damaged trailer at %d: %+v", rest, at, got)
			}
		}
	}
}

func TestOpenErrors(t *testing.T) {
	good := forgeRight(t, variety()...)
	empty := forgeRight(t)
	newer := append([]byte(nil), good...)
	newer[len(newer)-TrailerSize+gzmember.HeaderSize+6+1] = Version + 1
	for _, c := range []struct {
		name  string
		bytes []byte
		err   error
		says  string
	}{
		{"empty", nil, ErrNotArchive, "empty"},
		{"one byte", []byte{0x1f}, ErrTruncated, ""},
		{"text", []byte("hello, this is no archive, and long enough for a trailer to be looked for in it"), ErrNotArchive, "not gzip"},
		{"plain", foreignTar(t, "content"), ErrNotArchive, "another program"},
		{"plain and large", foreignTar(t, noise("f", 300_000)), ErrNotArchive, "another program"},
		{"truncated", good[:len(good)-1], ErrTruncated, ""},
		{"without trailer", good[:len(good)-TrailerSize], ErrTruncated, ""},
		{"in the first member", good[:50], ErrTruncated, ""},
		{"more at the end", append(append([]byte(nil), good...), '\n'), ErrUnfinished, "1 byte follows its end"},
		{"without entries, more at the end", append(append([]byte(nil), empty...), '\n'), ErrUnfinished, "1 byte follows its end"},
		{"bytes missing", append(append([]byte(nil), good[:100]...), good[101:]...), ErrCorrupt, "trailer"},
		{"twice", append(append([]byte(nil), good...), good...), ErrUnfinished, fmt.Sprintf("%d bytes follow its end", len(good))},
		{"much at the end", append(append([]byte(nil), good...), make([]byte, 5<<20)...), ErrUnfinished, fmt.Sprintf("%d bytes follow its end", 5<<20)},
		{"too much at the end", append(append([]byte(nil), good...), make([]byte, searchedBack+1)...), ErrTruncated, ""},
		{"a trailer at the wrong place, and more", append(append([]byte(nil), good[1:]...), 'x', 'y'), ErrNotArchive, ""},
		{"cut off in a file that is an archive", func() []byte { b := forgeRight(t, aStored("f", string(good))); return b[:len(b)-TrailerSize] }(), ErrTruncated, ""},
		{"newer", newer, ErrVersion, "version 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := writeArchive(t, c.bytes, nil)
			_, err := Open(name, nil)
			if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, want %v with %q and the name", err, c.err, c.says)
			}
		})
	}
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "missing"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Open(dir, nil); !errors.Is(err, ErrNotArchive) || !strings.Contains(err.Error(), "a directory") {
		t.Error(err)
	}
}

func TestOpenSidecar(t *testing.T) {
	archive := forgeRight(t, variety()...)
	side := indexOf(t, archive)
	other := forgeRight(t, aFile("other", "x"))
	edit := func(at int, b byte) []byte {
		s := append([]byte(nil), side...)
		s[at] = b
		return s
	}
	for _, c := range []struct {
		name string
		side []byte
		err  error
	}{
		{"good", side, nil},
		{"missing", nil, ErrNoSidecar},
		{"empty", []byte{}, ErrStale},
		{"of another archive", indexOf(t, other), ErrStale},
		{"damaged header", edit(20, 0xee), ErrStale},
		{"newer", edit(8, 9), ErrStale},
		{"truncated", side[:len(side)-1], ErrStale},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := writeArchive(t, archive, c.side)
			a, err := Open(name, &OpenOptions{NoIndex: true})
			if !errors.Is(err, c.err) {
				t.Fatalf("without indexing: got %v, want %v", err, c.err)
			}
			if err == nil {
				a.Close()
			} else if !strings.Contains(err.Error(), name) {
				t.Errorf("%v: does not name the archive", err)
			}
			var notices []string
			a, err = Open(name, &OpenOptions{Notice: func(s string) { notices = append(notices, s) }})
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if a.Indexed() != (c.err != nil) || len(notices) > 1 || (len(notices) == 1) != (c.err != nil) {
				t.Errorf("indexed: %v, notices %q", a.Indexed(), notices)
			}
			if i, ok, err := a.Index().Lookup("dir/sub/deep"); !ok || err != nil || i == 0 {
				t.Error(i, ok, err)
			}
		})
	}
}

// A good sidecar must not be read whole: what is wrong behind its header does not show when it is opened.
func TestOpenReadsHeaderOnly(t *testing.T) {
	archive := forgeRight(t, variety()...)
	side := indexOf(t, archive)
	for i := 320; i < len(side); i++ {
		side[i] ^= 0xff
	}
	a, err := Open(writeArchive(t, archive, side), &OpenOptions{NoIndex: true})
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
}

// An archive and its sidecar are found through symbolic links to the archive alone.
func TestOpenThroughSymlink(t *testing.T) {
	archive := forgeRight(t, variety()...)
	name := writeArchive(t, archive, indexOf(t, archive))
	link := filepath.Join(t.TempDir(), "link.tar.gz")
	if err := os.Symlink(name, link); err != nil {
		t.Fatal(err)
	}
	a, err := Open(link, &OpenOptions{NoIndex: true})
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
}

// An archive that cannot be indexed is not opened without a sidecar.
func TestOpenDamagedWithoutSidecar(t *testing.T) {
	archive := forgeRight(t, variety()...)
	archive[200] ^= 0x55
	_, err := Open(writeArchive(t, archive, nil), nil)
	if !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
}

func TestContent(t *testing.T) {
	a := openForged(t, big()...)
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		c, err := a.Content(row.Ordinal)
		switch row.Entry.Type {
		case sidecar.TypeFile, sidecar.TypeHardlink:
			if err != nil || c.Size != row.Entry.Size {
				t.Errorf("%s: %v, size %d, want %d", row.Path, err, c.Size, row.Entry.Size)
			}
			r, err := a.OpenContent(row.Ordinal)
			if err != nil {
				t.Errorf("%s: %v", row.Path, err)
				continue
			}
			var b bytes.Buffer
			if n, err := r.WriteTo(&b); err != nil || n != row.Entry.Size {
				t.Errorf("%s: %d bytes, %v", row.Path, n, err)
			}
		default:
			if !errors.Is(err, sidecar.ErrRange) {
				t.Errorf("%s: %v", row.Path, err)
			}
		}
	}
}
