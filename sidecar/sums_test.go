package sidecar_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// openChecked opens a sidecar of which only the header is trusted.
func openChecked(b []byte) (*sidecar.Index, error) {
	header := sidecar.Header(b)
	return sidecar.OpenChecked(&header, bytes.NewReader(b), int64(len(b)))
}

// TestSums compares the sums of trees of many sizes, opened in each way, and everything else.
func TestSums(t *testing.T) {
	openers := append(sidecartest.Openers[:len(sidecartest.Openers):len(sidecartest.Openers)], struct {
		Name string
		Open func(t testing.TB, b []byte) (*sidecar.Index, error)
	}{"checked", func(_ testing.TB, b []byte) (*sidecar.Index, error) { return openChecked(b) }})
	for _, o := range openers {
		t.Run(o.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 3))
			for _, n := range []int{0, 1, 2, 17, 120, 1500} {
				m := sidecartest.RandomModel(r, n)
				x, err := o.Open(t, sidecartest.MustBuildSums(t, m))
				if err != nil {
					t.Fatal(err)
				}
				if !x.HasSHA256() || x.Features().Optional != sidecar.SHA256 {
					t.Errorf("features %+v", x.Features())
				}
				sidecartest.Compare(t, x, m)
				for i := range m.Sorted {
					compareSums(t, x, i, &m.Sorted[i])
				}
				if err := x.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// compareSums compares the sums of an entry with those of an item.
func compareSums(t *testing.T, x *sidecar.Index, i int, it *build.Item) {
	t.Helper()
	if got, err := x.SHA256(i); got != it.SHA256 || err != nil {
		t.Fatalf("SHA256(%d) = %x, %v; want %x", i, got, err, it.SHA256)
	}
	table, err := x.MiBSums(i)
	if it.Type != sidecar.TypeFile && it.Type != sidecar.TypeHardlink {
		if !errors.Is(err, sidecar.ErrRange) {
			t.Fatalf("MiBSums(%d), a %v: %v", i, it.Type, err)
		}
		return
	}
	want := 0
	if it.Size > 1<<20 {
		want = int((it.Size + 1<<20 - 1) / (1 << 20))
	}
	if err != nil || table.Len != want {
		t.Fatalf("MiBSums(%d) has %d, %v; want %d for %d bytes", i, table.Len, err, want, it.Size)
	}
	for k := range table.Len {
		want := it.MiBSums.(sidecartest.FakeSums).Sum(k)
		if got, err := table.Sum(k); got != want || err != nil {
			t.Fatalf("sum %d of entry %d: %x, %v; want %x", k, i, got, err, want)
		}
	}
	for _, k := range []int{-1, table.Len} {
		if _, err := table.Sum(k); !errors.Is(err, sidecar.ErrRange) {
			t.Fatalf("sum %d of entry %d: %v", k, i, err)
		}
	}
}

// TestNoSums: a sidecar without sums has none.
func TestNoSums(t *testing.T) {
	b, _ := sidecartest.Example(t)
	x := sidecartest.MustOpen(t, b)
	if _, err := x.SHA256(0); x.HasSHA256() || !errors.Is(err, sidecar.ErrNoSums) {
		t.Errorf("SHA256: %v", err)
	}
	if _, err := x.MiBSums(0); !errors.Is(err, sidecar.ErrNoSums) {
		t.Errorf("MiBSums: %v", err)
	}
	if _, err := openChecked(b); !errors.Is(err, sidecar.ErrNoSums) {
		t.Errorf("OpenChecked: %v", err)
	}
}

// TestSumsOfSidecar computes the block sums, the list sums and the sum in the header as FORMAT.md
// 2.5 says, for sidecars of one block and of many.
func TestSumsOfSidecar(t *testing.T) {
	for _, n := range []int{0, 10, 9000} {
		m := sidecartest.RandomModel(rand.New(rand.NewPCG(4, 4)), n)
		b := sidecartest.MustBuildSums(t, m)
		h := (*layout.Header)(b)
		blocks, lists := h.Section(8), h.Section(9)
		if blocks.ID != 9 || lists.ID != 10 || lists.End() != int64(len(b)) {
			t.Fatalf("sections %+v, %+v of %d bytes", blocks, lists, len(b))
		}
		var want []byte
		for at := 0; at < int(blocks.Off); at += 65536 {
			s := sha256.Sum256(b[max(at, 512):min(at+65536, int(blocks.Off))])
			want = append(want, s[:]...)
		}
		if n == 9000 && len(want) < 10*32 {
			t.Errorf("only %d bytes of sums", len(want))
		}
		if got := b[blocks.Off:blocks.End()]; !bytes.Equal(got, want) {
			t.Errorf("block sums %x, want %x", got, want)
		}
		var top []byte
		for at := 0; at < len(want); at += 65536 {
			s := sha256.Sum256(want[at:min(at+65536, len(want))])
			top = append(top, s[:]...)
		}
		if got := b[lists.Off:lists.End()]; !bytes.Equal(got, top) {
			t.Errorf("list sums %x, want %x", got, top)
		}
		if got, want := b[472:504], sha256.Sum256(top); !bytes.Equal(got, want[:]) {
			t.Errorf("the header has %x, want %x", got, want)
		}
	}
}

// TestOpenCheckedFeature: a section of a later version, which no sum covers, is not in the way of
// the others, and is read as it is.
func TestOpenCheckedFeature(t *testing.T) {
	m := sidecartest.RandomModel(rand.New(rand.NewPCG(5, 5)), 120)
	b := addSection(sidecartest.MustBuildSums(t, m))
	x, err := openChecked(b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Sorted {
		if got, ok, err := x.Lookup(m.Sorted[i].Path); got != i || !ok || err != nil {
			t.Errorf("Lookup(%q) = %d, %v, %v", m.Sorted[i].Path, got, ok, err)
		}
		compareSums(t, x, i, &m.Sorted[i])
	}
	for at := range b { // from any byte on
		got := make([]byte, min(len(b)-at, 3000))
		if _, err := x.ReadAt(got, int64(at)); err != nil || !bytes.Equal(got, b[at:][:len(got)]) {
			t.Fatalf("%d bytes from %d on: they differ, %v", len(got), at, err)
		}
	}
}

// TestOpenCheckedFlips changes each byte of a sidecar: with the header of the right one, the change
// is found before the byte is used.
func TestOpenCheckedFlips(t *testing.T) {
	m := sidecartest.RandomModel(rand.New(rand.NewPCG(5, 5)), 12)
	good := sidecartest.MustBuildSums(t, m)
	header := sidecar.Header(good)
	blocks, lists := (*layout.Header)(good).Section(8), (*layout.Header)(good).Section(9)
	for at := layout.HeaderSize; at < len(good); at++ {
		b := bytes.Clone(good)
		b[at] ^= 0x10
		x, err := sidecar.OpenChecked(&header, bytes.NewReader(b), int64(len(b)))
		if err == nil {
			err = x.Verify()
		}
		gap := int64(at) >= blocks.End() && int64(at) < lists.Off // which is never read
		if gap && err != nil || !gap && !errors.Is(err, sidecar.ErrSum) {
			t.Fatalf("byte %d: %v", at, err)
		}
		if err != nil && strings.Count(err.Error(), "byte ") != 1 {
			t.Fatalf("byte %d: not one place: %v", at, err)
		}
	}
	for _, n := range []int{0, 511, 512, len(good) - 1} {
		_, err := sidecar.OpenChecked(&header, bytes.NewReader(good[:n]), int64(n))
		if !errors.Is(err, sidecar.ErrCorrupt) {
			t.Errorf("%d bytes: %v", n, err)
		}
		x, err := sidecar.OpenChecked(&header, bytes.NewReader(good[:n]), int64(len(good)))
		if err == nil {
			err = x.Verify()
		}
		if err == nil {
			t.Errorf("%d bytes under the name of %d", n, len(good))
		}
	}
}

// readCounter counts reads and their bytes.
type readCounter struct {
	*bytes.Reader
	reads, bytes int
}

func (c *readCounter) ReadAt(p []byte, off int64) (int, error) {
	c.reads++
	c.bytes += len(p)
	return c.Reader.ReadAt(p, off)
}

// TestOpenCheckedReads: a lookup reads the blocks that it needs, once.
func TestOpenCheckedReads(t *testing.T) {
	m := sidecartest.RandomModel(rand.New(rand.NewPCG(6, 6)), 20_000)
	b := sidecartest.MustBuildSums(t, m)
	header := sidecar.Header(b)
	c := &readCounter{Reader: bytes.NewReader(b)}
	x, err := sidecar.OpenChecked(&header, c, int64(len(b)))
	if err != nil || c.reads != 1 || c.bytes > 1024 {
		t.Fatalf("opening: %d reads of %d bytes, %v", c.reads, c.bytes, err)
	}
	for range 2 {
		i, ok, err := x.Lookup(m.Sorted[7777].Path)
		if i != 7777 || !ok || err != nil {
			t.Fatal(i, ok, err)
		}
		if s, err := x.SHA256(i); s != m.Sorted[i].SHA256 || err != nil {
			t.Fatal(s, err)
		}
	}
	// A bucket, two offsets of blocks, a path block, a record, a sum; and one of the lists.
	if c.reads > 1+8 || c.bytes > 9*layout.SumBlock {
		t.Errorf("%d reads, %d bytes", c.reads, c.bytes)
	}
}

// TestSumErrors changes what a sidecar states about sums, and corrects the hashes.
func TestSumErrors(t *testing.T) {
	le := binary.LittleEndian
	m := &sidecartest.Model{}
	m.Add(sidecartest.Dir("d"))
	m.Add(sidecartest.SegmentedFile(func(*build.Item) {}))
	m.Add(sidecartest.File("file"))
	m.Add(sidecartest.Hard("hard", "file"))
	m.Add(sidecartest.Soft("soft", "file"))
	m.Finish()
	good := sidecartest.MustBuildSums(t, m)
	section := func(b []byte, i int) []byte {
		s := (*layout.Header)(b).Section(i)
		return b[s.Off:s.End()]
	}
	entry := func(b []byte, i int) []byte { return b[120+24*i:] }
	sums := func(b []byte, ordinal int) []byte { return section(b, layout.ContentSums)[32*ordinal:] }
	for _, c := range []struct {
		what   string
		edit   func(b []byte) []byte
		opens  bool
		asking bool // MiBSums has no error
	}{
		{"a sum of a directory", func(b []byte) []byte { sums(b, 1)[0] = 1; return b }, true, true},
		{"a sum of a symbolic link", func(b []byte) []byte { sums(b, 4)[31] = 1; return b }, true, true},
		{"another sum of a hard link", func(b []byte) []byte { sums(b, 3)[5] ^= 1; return b },
			true, true},
		{"another block sum", func(b []byte) []byte {
			section(b, layout.BlockSums)[3] ^= 1
			return b
		}, true, true},
		{"another list sum", func(b []byte) []byte { section(b, layout.ListSums)[3] ^= 1; return b },
			true, true},
		{"another sum in the header", func(b []byte) []byte { b[472] ^= 1; return b }, true, true},
		{"no rows", func(b []byte) []byte { section(b, layout.MiBSums)[0] = 0; return b }, true, false},
		{"two rows", func(b []byte) []byte { section(b, layout.MiBSums)[0] = 2; return b }, true, false},
		{"2^63 rows", func(b []byte) []byte { section(b, layout.MiBSums)[7] = 128; return b },
			true, false},
		{"the row of another file", func(b []byte) []byte { section(b, layout.MiBSums)[8]++; return b },
			true, false},
		{"a row of shift 21", func(b []byte) []byte { section(b, layout.MiBSums)[12]++; return b },
			true, false},
		{"a reserved byte of a row", func(b []byte) []byte { section(b, layout.MiBSums)[13]++; return b },
			true, false},
		{"sums from 1 on", func(b []byte) []byte { section(b, layout.MiBSums)[16]++; return b },
			true, false},
		{"sums from 2^64 − 1 on", func(b []byte) []byte {
			le.PutUint64(section(b, layout.MiBSums)[16:], 1<<64-1)
			return b
		}, true, false},
		{"without the feature", func(b []byte) []byte { b[14] = 0; return b }, false, false},
		{"9 sections", func(b []byte) []byte { b[112] = 9; return b }, false, false},
		{"11 sections", func(b []byte) []byte { b[112] = 11; return b }, false, false},
		{"15 sections", func(b []byte) []byte { b[112] = 15; return b }, false, false},
		{"a reserved byte of the header", func(b []byte) []byte { b[471] = 1; return b }, false, false},
		{"content sums, too short", func(b []byte) []byte {
			entry(b, layout.ContentSums)[8] -= 32
			return b
		}, false, false},
		{"MiB sums of 7 bytes", func(b []byte) []byte {
			entry(b, layout.MiBSums)[8] = 7
			return b
		}, false, false},
		{"block sums, too long", func(b []byte) []byte {
			entry(b, layout.BlockSums)[8] += 32
			return b
		}, false, false},
		{"list sums of 2^64 − 32 bytes", func(b []byte) []byte {
			le.PutUint64(entry(b, layout.ListSums)[8:], 1<<64-32)
			return b
		}, false, false},
		{"list sums, cut", func(b []byte) []byte {
			entry(b, layout.ListSums)[8]--
			return b[:len(b)-1]
		}, false, false},
		{"sections of another order", func(b []byte) []byte {
			entry(b, layout.ListSums)[7] = 9
			return b
		}, false, false},
	} {
		b := c.edit(bytes.Clone(good))
		sidecartest.Reseal(b)
		x, err := sidecar.OpenBytes(b)
		if (err == nil) != c.opens || err != nil && !errors.Is(err, sidecar.ErrCorrupt) {
			t.Errorf("%s: %v", c.what, err)
		}
		if err != nil {
			continue
		}
		if err := x.Verify(); !errors.Is(err, sidecar.ErrCorrupt) {
			t.Errorf("%s: Verify: %v", c.what, err)
		}
		if _, err := x.MiBSums(m.At["big"]); (err == nil) != c.asking ||
			err != nil && !errors.Is(err, sidecar.ErrCorrupt) {
			t.Errorf("%s: MiBSums: %v", c.what, err)
		}
	}
	if err := sidecartest.MustOpen(t, good).Verify(); err != nil {
		t.Error(err)
	}
	if fmt.Sprint(m.At) != "map[big:0 d:1 file:2 hard:3 soft:4]" {
		t.Errorf("the ordinals above are wrong: %v", m.At)
	}
}

// TestNewerFeatureWithSums: sections and a header of a later version, behind those of sums.
func TestNewerFeatureWithSums(t *testing.T) {
	m := sidecartest.RandomModel(rand.New(rand.NewPCG(7, 7)), 20)
	b := sidecartest.MustBuildSums(t, m)
	h := (*layout.Header)(b)
	h.SetFeatures(sidecar.Final, sidecar.SHA256|1<<15)
	b[470] = 1 // a use of these bytes that is not known yet
	sidecartest.Reseal(b)
	x, err := sidecar.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := x.SHA256(3); err != nil || s != m.Sorted[3].SHA256 {
		t.Error(err)
	}
	if err := x.VerifyKnown(); err != nil {
		t.Error(err)
	}
}
