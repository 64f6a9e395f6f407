package tarpack_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// FuzzOpenEmbedded changes bytes of an index in an archive, from its end backwards. With seal, the
// header, the last member and T get the digest of the changed header, so that more is read. Opening
// and reading it fails with ErrStale or ErrCorrupt, or gives what its bytes hold, also for a reader
// that takes the sidecar out by the formula of FORMAT.md 1.6.
func FuzzOpenEmbedded(f *testing.F) {
	name := tartest.Pack(f, tartest.Tree(f, someFiles()...), pack.Options{EmbedIndex: true})
	good := tartest.Read(f, name)
	const member, header = sidecar.PartSize, 512
	for _, at := range []uint32{
		0, 64, 64 + 10, 64 + 10 + header, 64 + member - 54, 64 + member - 46, 30_000,
	} {
		f.Add(at, []byte{0xff}, false)
		f.Add(at, []byte{1, 0, 0, 0, 0, 0, 0, 1}, true)
	}
	f.Fuzz(func(t *testing.T, back uint32, patch []byte, seal bool) {
		b := bytes.Clone(good)
		for i, x := range patch {
			if at := len(b) - 1 - int(back)%(4*member) + i; at < len(b) {
				b[at] ^= x
			}
		}
		end := len(b) - format.EndSize
		if seal {
			h := b[end-10-header : end-10]
			digest := xxhash.Sum64(h[:header-8])
			for i := range 8 {
				x := byte(digest >> (8 * i))
				h[header-8+i], b[end-member+46+i], b[end+38+i] = x, x, x
			}
		}
		checkEmbedded(t, b)
	})
}

func checkEmbedded(t *testing.T, b []byte) {
	t.Helper()
	known := func(err error) {
		t.Helper()
		if err != nil && !errors.Is(err, format.ErrStale) && !errors.Is(err, format.ErrCorrupt) &&
			!errors.Is(err, format.ErrNoSidecar) && !errors.Is(err, format.ErrNotArchive) &&
			!errors.Is(err, format.ErrTruncated) && !errors.Is(err, format.ErrVersion) &&
			!errors.Is(err, format.ErrDraft) {
			t.Fatal(err)
		}
	}
	a, err := tarpack.OpenAt(context.Background(), bytes.NewReader(b), int64(len(b)), nil, 0,
		&tarpack.OpenOptions{RequireSidecar: true})
	known(err)
	if err != nil {
		return
	}
	defer a.Close()
	e, err := a.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	taken := make([]byte, e.Size)
	copy(taken, b[len(b)-format.EndSize-10-512:][:512])
	for i := 512; i < len(taken); i++ {
		taken[i] = b[int(e.Base)+54+64*(i/16_320)+i]
	}
	x, err := sidecar.OpenBytes(taken)
	if err != nil {
		t.Fatalf("it was opened, and by the formula: %v", err)
	}
	for i := range x.Len() {
		p1, err1 := a.Index().Path(i)
		p2, err2 := x.Path(i)
		e1, err3 := a.Index().Entry(i)
		e2, err4 := x.Entry(i)
		known(err1)
		known(err3)
		if p1 != p2 || e1 != e2 || (err1 == nil) != (err2 == nil) || (err3 == nil) != (err4 == nil) {
			t.Fatalf("entry %d: %q, %+v, %v, %v; by the formula %q, %+v, %v, %v", i, p1, e1, err1, err3, p2,
				e2, err2, err4)
		}
	}
}
