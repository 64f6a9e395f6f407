package tarpack_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/signature"
)

// TestSignedEdges changes one byte of a stored content at each edge of a block of 64 KiB or a MiB,
// and reads that byte alone, where no CRC-32 is compared, and all of the content.
func TestSignedEdges(t *testing.T) {
	const mib = 1 << 20
	for _, size := range []int{1, 65535, 65536, 65537, mib - 1, mib, mib + 1, 2 * mib, 2*mib + 1} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			data := []byte(tartest.Noise(fmt.Sprint(size), size))
			name := filepath.Join(t.TempDir(), "x.tar.gz")
			files := fstest.MapFS{"f": {Data: data, Mode: 0o644}}
			o := pack.FSOptions{SHA256: true, Level: pack.NoCompression}
			if _, err := pack.FS(t.Context(), files, name, o); err != nil {
				t.Fatal(err)
			}
			trust := tartest.Sign(t, name)
			archive, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range []int{0, 65534, 65535, 65536, mib - 1, mib, mib + 1, 2*mib - 1, size - 1} {
				if at >= size {
					continue
				}
				a := openSigned(t, name, tarpack.OpenOptions{Trust: trust})
				c, err := a.Content(0)
				if err != nil {
					t.Fatal(err)
				}
				place := c.Offset + int64(10+5*(at/65535+1)+at) // FORMAT.md 1.3
				if archive[place] != data[at] {
					t.Fatal("the content is not stored")
				}
				forged := bytes.Clone(archive)
				forged[place] ^= 1
				if err := os.WriteFile(name, forged, 0o600); err != nil {
					t.Fatal(err)
				}
				testForged(t, a, data, at)
			}
		})
	}
}

// testForged reads the only content of a signed archive, in which the byte at is forged.
func testForged(t *testing.T, a *tarpack.Archive, data []byte, at int) {
	t.Helper()
	r, err := a.OpenContent(0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Seek(int64(at), io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 1)); n > 0 || !errors.Is(err, signature.ErrContent) {
		t.Errorf("byte %d: %d bytes, %v", at, n, err)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if _, err := r.WriteTo(&got); !errors.Is(err, signature.ErrContent) ||
		!bytes.HasPrefix(data, got.Bytes()) || got.Len() > at {
		t.Errorf("byte %d changed: %d bytes, %v", at, got.Len(), err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
