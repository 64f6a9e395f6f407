package tartest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
)

// Append appends paths to an archive in place, and checks the result.
func Append(t testing.TB, name string, o edit.AddOptions, paths ...string) edit.Result {
	t.Helper()
	o.Append = true
	res, err := edit.Add(context.Background(), name, paths, o)
	if err != nil {
		t.Fatal(err)
	}
	WantSound(t, name)
	return res
}

// WantSound checks an archive and its sidecar, and that no temporary file is beside it.
func WantSound(t testing.TB, name string) {
	t.Helper()
	res, err := tarpack.Verify(context.Background(), name, tarpack.VerifyOptions{})
	if err != nil || res.Failed > 0 {
		t.Fatalf("verify: %v, %v", err, res.Problems)
	}
	a, err := tarpack.Open(context.Background(), name, &tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Index().Verify(); err != nil || a.Unfinished() != 0 {
		t.Fatalf("index: %v, %d bytes too many", err, a.Unfinished())
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), ".*"+format.TempSuffix)); len(
		left,
	) > 0 {
		t.Fatalf("there is %v", left)
	}
}

// Read returns the content of a file.
func Read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ForeignTar returns a .tar.gz that tpk did not write, with one file f.
func ForeignTar(t *testing.T, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	h := &tar.Header{Name: "f", Mode: 0o644, Size: int64(len(content))}
	if err := w.WriteHeader(h); err != nil {
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

// Open opens an archive until the end of the test.
func Open(t testing.TB, name string) *tarpack.Archive {
	a, err := tarpack.Open(context.Background(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}
