package indexed_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// The sidecar is used if it belongs to the archive. Otherwise the index is built, or missing is an
// error.
func TestOpen(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	side := tartest.IndexOf(t, archive)
	other := tartest.IndexOf(t, tartest.ForgeRight(t, tartest.AFile("f", "x")))
	damaged := bytes.Clone(side)
	damaged[20] ^= 1 // in the header
	for _, c := range []struct {
		name string
		side []byte
		err  error // with RequireSidecar
	}{
		{"good", side, nil},
		{"missing", nil, format.ErrNoSidecar},
		{"of another archive", other, format.ErrStale},
		{"damaged", damaged, format.ErrStale},
		{"empty", []byte{}, format.ErrStale},
		{"cut short", side[:len(side)-1], format.ErrStale},
	} {
		name := tartest.WriteArchive(t, archive, c.side)
		ctx := context.Background()
		var notices []error
		var entries int64
		x, err := indexed.Open(ctx, name, &indexed.Options{
			Notice:   func(err error) { notices = append(notices, err) },
			Progress: func(p format.Progress) { entries = p.Entries },
		})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if rebuilt := c.err != nil; x.Rebuilt != rebuilt || (len(notices) == 1) != rebuilt ||
			(entries == int64(x.Index.Len())) != rebuilt {
			t.Errorf("%s: rebuilt %v, notices %q, %d entries", c.name, x.Rebuilt, notices, entries)
		}
		if x.Index.Digest() != x.Trailer.Digest {
			t.Errorf("%s: the index is of another archive", c.name)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
		x, err = indexed.Open(ctx, name, &indexed.Options{RequireSidecar: true})
		if !errors.Is(err, c.err) {
			t.Errorf("%s, RequireSidecar: %v, want %v", c.name, err, c.err)
		}
		if err == nil {
			x.Close()
		}
	}
}

// An archive that is damaged, or not there, gives an error with its name, with or without a
// sidecar.
func TestOpenFails(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	flipped := bytes.Clone(archive)
	flipped[len(flipped)/2] ^= 0xff
	for _, c := range []struct {
		name    string
		archive []byte
		err     error
	}{
		{"damaged", flipped, format.ErrCorrupt},
		{"truncated", archive[:len(archive)/2], format.ErrTruncated},
		{"foreign", tartest.ForeignTar(t, "x"), format.ErrNotArchive},
		{"empty", []byte{}, format.ErrNotArchive},
	} {
		name := tartest.WriteArchive(t, c.archive, nil)
		_, err := indexed.Open(context.Background(), name, &indexed.Options{})
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
	_, err := indexed.Open(context.Background(), t.TempDir()+"/none", &indexed.Options{})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	name := tartest.WriteArchive(t, archive, nil)
	if _, err := indexed.Open(stopped, name, &indexed.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// A hard link has the content of its target, and what has no content is an error.
func TestOpenContent(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	name := tartest.WriteArchive(t, archive, tartest.IndexOf(t, archive))
	x, err := indexed.Open(context.Background(), name, &indexed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for path, want := range map[string]string{
		"text": tartest.Text("t", 3000), "hard": tartest.Text("t", 3000),
		"noise": tartest.Noise("n", 1000),
		"empty": "", "dir/inner": "inner\n", "dir": "-", "link": "-", "pipe": "-",
	} {
		i, ok, err := x.Index.Lookup(path)
		if err != nil || !ok {
			t.Fatal(path, ok, err)
		}
		r, err := x.OpenContent(i)
		if err != nil {
			if want != "-" {
				t.Errorf("%s: %v", path, err)
			}
			continue
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != want {
			t.Errorf("%s: %.20q, %v", path, got, err)
		}
		r.Close()
	}
}

// TestEmbedLost: an archive that is removed while its index is built again is one error, which says
// no more than that it is not there. Nothing is left.
func TestEmbedLost(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	side := tartest.IndexOf(t, archive)
	side[len(side)-1] ^= 1 // its header is still right
	name := tartest.WriteArchive(t, archive, side)
	o := scan.Options{Progress: func(format.Progress) { os.Remove(name) }}
	_, err := indexed.Embed(context.Background(), name, o)
	if !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(name), ".*"))
	if len(left) > 0 || err != nil {
		t.Errorf("left: %q, %v", left, err)
	}
}
