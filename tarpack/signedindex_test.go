package tarpack_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// firstTime is where the time of the first entry is in a sidecar (FORMAT.md 2.2).
const firstTime = sidecar.HeaderSize + 36

// liar reads a sidecar, and later one with another time of the first entry.
type liar struct {
	b   []byte
	lie bool
}

func (l *liar) ReadAt(p []byte, off int64) (int, error) {
	b := l.b
	if l.lie {
		b = bytes.Clone(b)
		b[firstTime]++
	}
	return bytes.NewReader(b).ReadAt(p, off)
}

// TestSignedLiar reads a signed archive with an index from a server that sends other bytes after
// the index was opened.
func TestSignedLiar(t *testing.T) {
	name, trust := packSigned(t, signedFiles())
	side, err := os.ReadFile(name + format.SidecarSuffix)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := trust.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int64{0, 1, 1 << 30} {
		l := &liar{b: side}
		a, err := tarpack.OpenSource(t.Context(), name,
			source.Of(bytes.NewReader(archive), int64(len(archive))), l, int64(len(side)),
			&tarpack.OpenOptions{Signed: signed, LoadIndex: limit})
		if err != nil {
			t.Fatal(err)
		}
		want, err := a.Index().Entry(0)
		if err != nil {
			t.Fatal(err)
		}
		l.lie = true
		got, err := a.Index().Entry(0)
		if err == nil && got != want || err != nil && !errors.Is(err, sidecar.ErrSum) {
			t.Errorf("limit %d: %v, want %v, %v", limit, got, want, err)
		}
		if err := a.CheckIndex(); err != nil {
			t.Errorf("limit %d: %v", limit, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCheckSignedIndex writes into an index that is mapped, beside the archive or in it.
func TestCheckSignedIndex(t *testing.T) {
	beside, trust := packSigned(t, signedFiles())
	inside, itsTrust := packSignedInside(t, signedFiles())
	for _, c := range []struct {
		name, file string
		trust      *signature.Trust
	}{{beside, beside + format.SidecarSuffix, trust}, {inside, inside, itsTrust}} {
		a := openSigned(t, c.name, tarpack.OpenOptions{Trust: c.trust, LoadIndex: 1})
		if err := a.CheckIndex(); err != nil || !a.Index().Mapped() {
			t.Fatal(err)
		}
		f, err := os.OpenFile(c.file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(b, []byte("TPKINDEX")) + firstTime
		if _, err := f.WriteAt([]byte{b[at] + 1}, int64(at)); err != nil {
			t.Fatal(err)
		}
		if err := a.CheckIndex(); !errors.Is(err, signature.ErrIndex) {
			t.Errorf("%s: %v", c.file, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
