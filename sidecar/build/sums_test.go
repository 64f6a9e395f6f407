package build_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// TestContentSums compares the sums of contents of many sizes, in pieces of any size, with those of
// the whole.
func TestContentSums(t *testing.T) {
	const mib = 1 << 20
	r := rand.New(rand.NewPCG(1, 1))
	var s build.Sums
	for _, size := range []int{0, 1, 100, mib - 1, mib, mib + 1, 2 * mib, 2*mib + 1, 3*mib - 1} {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		s.Reset()
		for rest := b; len(rest) > 0; {
			n := min(len(rest), 1+r.IntN(700_000))
			if k, err := s.Write(rest[:n]); k != n || err != nil {
				t.Fatal(k, err)
			}
			rest = rest[n:]
		}
		var it build.ContentSums
		if err := s.Record(&it); err != nil {
			t.Fatal(err)
		}
		if c, err := build.SumsOf(b); err != nil || c.SHA256 != it.SHA256 ||
			!slices.Equal(allSums(t, c), allSums(t, it)) {
			t.Errorf("%d bytes: SumsOf gives %x, %v", size, c.SHA256, err)
		}
		if it.SHA256 != sha256.Sum256(b) {
			t.Errorf("%d bytes: %x", size, it.SHA256)
		}
		if (it.MiBSums != nil) != (size > mib) {
			t.Fatalf("%d bytes: MiBSums %v", size, it.MiBSums)
		}
		for k := 0; size > mib && k*mib < size; k++ {
			want := sha256.Sum256(b[k*mib : min((k+1)*mib, size)])
			if got, err := it.MiBSums.AppendSums(nil, k, 1); err != nil || !bytes.Equal(got, want[:]) {
				t.Errorf("%d bytes, MiB %d: %x, %v; want %x", size, k, got, err, want)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// allSums returns the sums of MiBs of a content of at most 3 MiB.
func allSums(t *testing.T, c build.ContentSums) []byte {
	t.Helper()
	if c.MiBSums == nil {
		return nil
	}
	all := []byte(nil)
	for k := range 2 { // a content with sums has at least two
		var err error
		if all, err = c.MiBSums.AppendSums(all, k, 1); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestManySums: the sums of a large file go to a temporary file, which is gone afterwards.
func TestManySums(t *testing.T) {
	const n = 40_000 // sums: 1.2 MiB
	it := sidecartest.File("large")
	it.Size, it.ContentLen, it.PadLen = n<<20, n<<12, 0
	m := &sidecartest.Model{}
	m.Add(sidecartest.File("a"))
	m.Add(it)
	it.Path, it.MiBSums = "larger", sidecartest.FakeSums("of another file")
	m.Add(it)
	m.Finish()
	dir := t.TempDir()
	b, _, err := sidecartest.Build(m.Items, m.Archive, build.Options{TempDir: dir, SHA256: true})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	x := sidecartest.MustOpen(t, b)
	if err := x.Verify(); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 3; i++ {
		table, err := x.MiBSums(i)
		if err != nil || table.Len != n {
			t.Fatal(table, err)
		}
		for _, k := range []int{0, 1, 8191, 8192, 8193, 20_000, n - 1} {
			want := m.Sorted[i].MiBSums.(sidecartest.FakeSums).Sum(k)
			if got, err := table.Sum(k); err != nil || got != want {
				t.Errorf("entry %d, sum %d: %x, %v; want %x", i, k, got, err, want)
			}
		}
	}
}

// failingSums returns an error, or too few bytes.
type failingSums struct{ err error }

func (f failingSums) AppendSums(dst []byte, _, _ int) ([]byte, error) {
	return append(dst, 1), f.err
}

// TestMissingSums: a file without its sums is an error, and leaves the Builder as it was.
func TestMissingSums(t *testing.T) {
	mine := errors.New("mine")
	for _, c := range []struct {
		what string
		edit func(*build.Item)
		want error
	}{
		{"no sum", func(it *build.Item) { it.SHA256 = sidecar.Sum{} }, build.ErrItem},
		{"no list", func(it *build.Item) { it.MiBSums = nil }, build.ErrItem},
		{"a list that fails", func(it *build.Item) { it.MiBSums = failingSums{mine} }, mine},
		{"a list of too few", func(it *build.Item) { it.MiBSums = failingSums{} }, build.ErrItem},
	} {
		good := sidecartest.SegmentedFile(func(*build.Item) {})
		bad := good
		c.edit(&bad)
		for _, sums := range []bool{false, true} {
			b := build.New(build.Options{SHA256: sums})
			err := b.Add(bad)
			if sums && !errors.Is(err, c.want) || !sums && err != nil {
				t.Errorf("%s, with sums %v: %v", c.what, sums, err)
			}
			if sums {
				if err := b.Add(good); err != nil {
					t.Error(err)
				}
			}
			var m build.Memory
			if _, _, err := b.Finish(&m, 100_000); err != nil {
				t.Fatal(err)
			}
			x := sidecartest.MustOpen(t, m.Bytes())
			if err := x.Verify(); err != nil || x.Len() != 1 || x.HasSHA256() != sums {
				t.Error(fmt.Sprintf("%s: %d entries", c.what, x.Len()), err)
			}
		}
	}
}
