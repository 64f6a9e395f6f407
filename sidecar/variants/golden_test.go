package variants

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the golden file if it is missing")

// golden is a file of version 1, which every later version must read. The bytes of its variants
// come from the encoders of November 2026; all else follows from FORMAT.md. Written by
// go test ./sidecar/variants -run TestGolden -update.
const golden = "testdata/v1.tpv"

// TestGolden reads the golden file. A Writer that gets what is in it must make the same bytes.
func TestGolden(t *testing.T) {
	if _, err := os.Stat(golden); os.IsNotExist(err) && *update {
		if err := os.WriteFile(golden, testFile(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	x, err := Open(golden, testArchive)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	checkFile(t, x)

	var m memory
	w := NewWriter(&m, x.Archive(), x.Settings())
	for _, d := range x.Dictionaries() {
		if _, err := w.AddDictionary(d); err != nil {
			t.Fatal(err)
		}
	}
	for i := range x.Sets() {
		set, sum, err := x.SetAt(i)
		if err != nil {
			t.Fatal(err)
		}
		var encoded [NumCodings]Encoded
		for c := range NumCodings {
			v, ok := set.Get(c)
			if !ok {
				continue
			}
			b, err := x.Append(nil, v)
			if err != nil {
				t.Fatal(err)
			}
			encoded[c] = Encoded{b, v.Dictionary}
		}
		if _, err := w.Add(i+1, set.Size, sum, encoded); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Link(4, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.b, want) {
		t.Error("a Writer makes other bytes of what is in the golden file")
	}
}

// TestLayout checks the arithmetic of FORMAT.md 7 and the bytes at its offsets.
func TestLayout(t *testing.T) {
	b := testFile(t)
	h := header(b[:headerSize])
	for what, c := range map[string]struct{ got, want uint64 }{
		"unused":           {atUnused, 160},
		"end of tables":    {atTables + numTables*tableEntry, atUnused},
		"set":              {atPlaces + uint64(NumCodings)*placeSize, setRow},
		"dictionary":       {atDictionaryPlace + 2*placeSize, atDictionaryZero},
		"kind":             {atKind + MaxKind, atDictionaryPlace},
		"dictionary row":   {atDictionaryZero + 8, dictionaryRow},
		"version":          {uint64(b[8]), 1},
		"digest":           {h.u64(16), testArchive.Digest},
		"size of archive":  {h.u64(24), uint64(testArchive.Size)},
		"entries":          {h.u64(32), uint64(testArchive.Entries)},
		"size":             {h.u64(40), uint64(len(b))},
		"sets":             {uint64(h.u32(48)), 3},
		"dictionaries":     {uint64(h.u16(52)), 1},
		"codings":          {uint64(b[54]), 0b101},
		"level":            {uint64(b[55]), 5},
		"digest of header": {h.u64(248), h.sum()},
		"dcz header":       {uint64(DCZHeaderSize), 40},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", what, c.got, c.want)
		}
	}
	for i, length := range []int64{96, 20, 192, 96} {
		if n := h.table(i); n.length != length || n.off%64 != 0 {
			t.Errorf("table %d: at %d, %d bytes, want %d", i, n.off, n.length, length)
		}
	}
}
