package tarpack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

func TestOpenErrors(t *testing.T) {
	good := tartest.ForgeRight(t, tartest.Variety()...)
	empty := tartest.ForgeRight(t)
	large := tartest.ForgeRight(t, tartest.AStored("f", string(make([]byte, format.SearchedBack+1))))
	newer := append([]byte(nil), good...)
	newer[len(newer)-format.EndSize+gzmember.HeaderSize+6+1] = format.Version + 1
	for _, c := range []struct {
		name  string
		bytes []byte
		err   error
		says  string
	}{
		{"empty", nil, format.ErrNotArchive, "empty"},
		{"one byte", []byte{0x1f}, format.ErrTruncated, ""},
		{"text",
			[]byte(
				"hello, this is no archive, and long enough for a trailer to be looked for in it"),
			format.ErrNotArchive, "it is text"},
		{"plain", tartest.ForeignTar(t, "content"), format.ErrNotArchive, "another program"},
		{"plain and large", tartest.ForeignTar(t, tartest.Noise("f", 300_000)),
			format.ErrNotArchive, "another program"},
		{"truncated", good[:len(good)-1], format.ErrTruncated, ""},
		{"without trailer", good[:len(good)-format.EndSize], format.ErrTruncated, ""},
		{"in the first member", good[:50], format.ErrTruncated, ""},
		{"more at the end", append(append([]byte(nil), good...), '\n'), format.ErrAdded,
			"1 byte of another program follows its end"},
		{"without entries, more at the end", append(append([]byte(nil), empty...), '\n'),
			format.ErrAdded, "1 byte of another program follows its end"},
		{"bytes missing", append(append([]byte(nil), good[:100]...), good[101:]...),
			format.ErrCorrupt, "trailer"},
		{"twice", append(append([]byte(nil), good...), good...), format.ErrJoined,
			fmt.Sprintf("at offset %d", len(good))},
		{"twice, with zeros in between", append(append(append([]byte(nil), good...),
			make([]byte, 100)...), good...), format.ErrJoined, fmt.Sprintf("at offset %d", len(good))},
		{"behind a large one", append(append([]byte(nil), large...), good...), format.ErrJoined,
			fmt.Sprintf("at offset %d", len(large))},
		{"before a large one", append(append([]byte(nil), good...), large...), format.ErrJoined,
			fmt.Sprintf("at offset %d", len(good))},
		{"much at the end", append(append([]byte(nil), good...), make([]byte, 5<<20)...),
			format.ErrUnfinished, "5,242,880 bytes follow its end"},
		{"too much at the end to search from there", append(append([]byte(nil), good...),
			make([]byte, format.SearchedBack+1)...), format.ErrUnfinished, "16,777,217 bytes follow"},
		{"a large 7z at the end", append(append(append([]byte(nil), good...), "7z\xbc\xaf\x27\x1c"...),
			make([]byte, format.SearchedBack+1)...), format.ErrAdded, "it is a 7z archive"},
		{"a large tar.gz at the end", append(append([]byte(nil), good...),
			tartest.ForeignTar(t, tartest.Noise("f", format.SearchedBack+1))...), format.ErrJoined,
			"another program wrote this gzip file"},
		{"a trailer at the wrong place, and more", append(append([]byte(nil), good[1:]...), 'x',
			'y'), format.ErrNotArchive, ""},
		{"cut off in a file that is an archive", func() []byte {
			b := tartest.ForgeRight(t, tartest.AStored("f", string(good)))
			return b[:len(b)-format.EndSize]
		}(), format.ErrTruncated, ""},
		{"newer", newer, format.ErrVersion, "version 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := tartest.WriteArchive(t, c.bytes, nil)
			_, err := tarpack.Open(context.Background(), name, nil)
			if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) ||
				!strings.Contains(err.Error(), name) {
				t.Errorf("got %v, want %v with %q and the name", err, c.err, c.says)
			}
		})
	}
	dir := t.TempDir()
	if _, err := tarpack.Open(context.Background(), filepath.Join(dir, "missing"),
		nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := tarpack.Open(context.Background(), dir, nil); !errors.Is(err,
		format.ErrNotArchive) || !strings.Contains(err.Error(), "a directory") {
		t.Error(err)
	}
}

func TestOpenSidecar(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	side := tartest.IndexOf(t, archive)
	other := tartest.ForgeRight(t, tartest.AFile("other", "x"))
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
		{"missing", nil, format.ErrNoSidecar},
		{"empty", []byte{}, format.ErrStale},
		{"of another archive", tartest.IndexOf(t, other), format.ErrStale},
		{"damaged header", edit(20, 0xee), format.ErrStale},
		{"newer", edit(8, 9), format.ErrStale},
		{"truncated", side[:len(side)-1], format.ErrStale},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := tartest.WriteArchive(t, archive, c.side)
			a, err := tarpack.Open(context.Background(), name, &tarpack.OpenOptions{RequireSidecar: true})
			if !errors.Is(err, c.err) {
				t.Fatalf("without indexing: got %v, want %v", err, c.err)
			}
			if err == nil {
				a.Close()
			} else if !strings.Contains(err.Error(), name) {
				t.Errorf("%v: does not name the archive", err)
			}
			var notices []error
			a, err = tarpack.Open(context.Background(), name,
				&tarpack.OpenOptions{Notice: func(err error) { notices = append(notices, err) }})
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if a.IndexRebuilt() != (c.err != nil) || len(notices) > 1 ||
				(len(notices) == 1) != (c.err != nil) {
				t.Errorf("indexed: %v, notices %q", a.IndexRebuilt(), notices)
			}
			if i, ok, err := a.Index().Lookup("dir/sub/deep"); !ok || err != nil || i == 0 {
				t.Error(i, ok, err)
			}
		})
	}
}

// A good sidecar must not be read whole: what is wrong behind its header does not show when it is
// opened.
func TestOpenReadsHeaderOnly(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	side := tartest.IndexOf(t, archive)
	for i := 512; i < len(side); i++ {
		side[i] ^= 0xff
	}
	a, err := tarpack.Open(context.Background(), tartest.WriteArchive(t, archive, side),
		&tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
}

// An archive and its sidecar are found through symbolic links to the archive alone.
func TestOpenThroughSymlink(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	name := tartest.WriteArchive(t, archive, tartest.IndexOf(t, archive))
	link := filepath.Join(t.TempDir(), "link.tar.gz")
	filetest.NeedSymlinks(t)
	if err := os.Symlink(name, link); err != nil {
		t.Fatal(err)
	}
	a, err := tarpack.Open(context.Background(), link, &tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
}

// An archive that cannot be indexed is not opened without a sidecar.
func TestOpenDamagedWithoutSidecar(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	archive[200] ^= 0x55
	_, err := tarpack.Open(context.Background(), tartest.WriteArchive(t, archive, nil), nil)
	if !errors.Is(err, format.ErrCorrupt) {
		t.Error(err)
	}
}

func TestContent(t *testing.T) {
	a := tartest.OpenForged(t, tartest.Big()...)
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
