package sidecartest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/sidecar"
)

// Parts returns a sidecar as it is embedded in an archive (FORMAT.md 1.6), with fill in place of
// all bytes that are not of the sidecar, and of its first copy of the header.
func Parts(b []byte, fill byte) []byte {
	const header, payload, head, part = 512, 255 * 64, 54, 16 << 10
	n := (len(b) + header + payload - 1) / payload
	parts := make([]byte, n*part)
	for i := range parts {
		parts[i] = fill
	}
	for i := header; i < len(b); i++ {
		parts[head+i+64*(i/payload)] = b[i]
	}
	copy(parts[n*part-10-header:], b[:min(header, len(b))])
	return parts
}

// openParts opens a sidecar in the middle of a file.
func openParts(
	t testing.TB, b []byte, open func(*os.File, sidecar.Embedded) (*sidecar.Index, error),
) (*sidecar.Index, error) {
	t.Helper()
	const base = 70_001
	parts := Parts(b, 0xa5)
	name := filepath.Join(t.TempDir(), "x.tar.gz")
	all := append(append(make([]byte, base), parts...), make([]byte, 64)...)
	if err := os.WriteFile(name, all, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return open(f, sidecar.Embedded{Base: base, Size: int64(len(b))})
}
