package format

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
)

// TestHostileSums: sidecars that state wrong sums, with all hashes and the trailer made to fit.
// Verify finds each. What contradicts the rest of the sidecar is refused when it is opened, and
// rebuilding the index shows that the trailer is wrong.
func TestHostileSums(t *testing.T) {
	large := forgedFile("large", string(bytes.Repeat([]byte("text"), 300_000)))
	large.Shift = 20
	items := []forge.Item{
		forgedDir("d"), forgedFile("d/a", "a"), large, forgedFile("z", "zz"),
		{Path: "d/h", Type: forge.Hardlink, Mode: 0o644, Link: "z", Duplicate: true},
	}
	le := binary.LittleEndian
	section := func(s []byte, i int) []byte {
		at := s[120+24*(i-1):]
		off := le.Uint64(at) & (1<<56 - 1)
		return s[off : off+le.Uint64(at[8:])]
	}
	length := func(s []byte, i, more int) {
		at := s[120+24*(i-1)+8:]
		le.PutUint64(at, le.Uint64(at)+uint64(more))
	}
	const differs, refused = "not what the archive gives", "sidecar is corrupt"
	for name, c := range map[string]struct {
		edit  func(s []byte)
		keep  bool   // the sums of the sidecar itself are not made to fit
		words string // of verify
	}{
		"the sum of a file":           {func(s []byte) { section(s, 7)[32] ^= 1 }, false, "SHA-256"},
		"no sum of a file":            {func(s []byte) { clear(section(s, 7)[32:64]) }, false, "SHA-256"},
		"the sum of a hard link":      {func(s []byte) { section(s, 7)[64] ^= 1 }, false, "SHA-256"},
		"a sum of a directory":        {func(s []byte) { section(s, 7)[0] = 1 }, false, "SHA-256"},
		"the sums of two files":       {swapSums, false, "SHA-256"},
		"the sum of a MiB":            {func(s []byte) { section(s, 8)[8+16+32] ^= 1 }, false, differs},
		"no sums of MiBs":             {func(s []byte) { section(s, 8)[0] = 0 }, false, differs},
		"sums of another file":        {func(s []byte) { section(s, 8)[8]++ }, false, differs},
		"sums of 2 MiB":               {func(s []byte) { section(s, 8)[12]++ }, false, differs},
		"the sum of a block":          {func(s []byte) { section(s, 9)[0] ^= 1 }, true, differs},
		"the sum of the block sums":   {func(s []byte) { section(s, 10)[0] ^= 1 }, true, differs},
		"the sum in the header":       {func(s []byte) { s[472] ^= 1 }, true, differs},
		"too few sums":                {func(s []byte) { length(s, 7, -32) }, true, refused},
		"half a sum":                  {func(s []byte) { length(s, 10, -16) }, true, refused},
		"a sum of a block that isn't": {func(s []byte) { length(s, 9, 32) }, true, refused},
		"2^63 bytes of sums":          {func(s []byte) { s[120+24*7+15] = 0x80 }, true, refused},
		"a reserved byte":             {func(s []byte) { s[460] = 1 }, true, refused},
	} {
		t.Run(name, func(t *testing.T) {
			a, s := forge.BuildWithSums(items...)
			c.edit(s)
			if c.keep {
				forge.Rehash(s)
			} else {
				forge.ResealSums(s)
			}
			end := len(a) - 64
			a = append(a[:end], forge.TrailerOf(1, forge.SumsBit, 5, uint64(end), forge.Digest(s))...)
			archive := filepath.Join(tools.Dir(t), "x.tar.gz")
			fixture.WriteFiles(t, map[string][]byte{archive: a, archive + ".tpi": s})
			r := fixture.Run(t, "verify", archive)
			if all := append(r.Out, r.Err...); r.Code != 1 || !bytes.Contains(all, []byte(c.words)) {
				t.Errorf("want %q: %v", c.words, r)
			}
			for _, args := range [][]string{
				{"ls", "--sha256", archive}, {"ls", "--json", archive}, {"info", archive},
				{"cat", archive, "z"},
			} {
				if r := fixture.Run(t, args...); r.Code != 0 && r.Code != 1 {
					t.Error(r)
				}
			}
			if err := os.Remove(archive + ".tpi"); err != nil {
				t.Fatal(err)
			}
			fixture.Failed(t, fixture.Run(t, "index", archive), "not as it was packed")
		})
	}
}

// swapSums exchanges the sums of two files.
func swapSums(s []byte) {
	off := binary.LittleEndian.Uint64(s[120+24*6:]) & (1<<56 - 1)
	a, b := s[off+32:off+64], s[off+96:off+128]
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}

// TestSumsBit: a sidecar and a trailer that do not agree whether there are sums do not belong
// together.
func TestSumsBit(t *testing.T) {
	item := forgedFile("f", "f")
	with, withSide := forge.BuildWithSums(item)
	without, side := forge.Build(item)
	archive := filepath.Join(tools.Dir(t), "x.tar.gz")
	for i, pair := range [][2][]byte{{with, side}, {without, withSide}} {
		fixture.WriteFiles(t, map[string][]byte{archive: pair[0], archive + ".tpi": pair[1]})
		if r := fixture.Run(t, "verify", archive); r.Code != 1 {
			t.Errorf("%d: %v", i, r)
		}
		if r := fixture.Run(t, "index", archive); r.Code != 0 {
			t.Errorf("%d: %v", i, r)
		}
		want := [][]byte{withSide, side}[i]
		if got := fixture.ReadPair(t, archive).Sidecar; !bytes.Equal(got, want) {
			t.Errorf("%d: index makes another sidecar", i)
		}
	}
	// The same digest and another bit in the trailer.
	end := len(with) - 64
	with = append(with[:end:end], forge.TrailerOf(1, 0, 1, uint64(end), forge.Digest(withSide))...)
	fixture.WriteFiles(t, map[string][]byte{archive: with, archive + ".tpi": withSide})
	for _, args := range [][]string{{"verify", archive}, {"index", archive}} {
		if r := fixture.Run(t, args...); r.Code != 1 {
			t.Error(r)
		}
	}
}
