package variants

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/tarpack/tpk/sidecar"
)

// memory is an io.WriterAt in memory.
type memory struct{ b []byte }

func (m *memory) WriteAt(b []byte, off int64) (int, error) {
	if need := off + int64(len(b)); need > int64(len(m.b)) {
		m.b = append(m.b, make([]byte, need-int64(len(m.b)))...)
	}
	return copy(m.b[off:], b), nil
}

var testArchive = Archive{Digest: 0x1234567890abcdef, Size: 12345, Entries: 5}

var testSettings = Settings{Codings: Codings(0).With(Brotli).With(DictionaryZstd), Level: 5}

var (
	testDictionary = []byte(strings.Repeat("<html><body>a page of this kind", 9))
	testPage       = []byte("<html><body>a page of this kind, which has some text of its own")
	testScript     = []byte(strings.Repeat("function() { return 1 }", 20))
)

func encodeBrotli(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, 5)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func encodeZstd(t testing.TB, b []byte, options ...zstd.EOption) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, append(options, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(b, nil)
}

func encodeDCZ(t testing.TB, b, dictionary []byte) []byte {
	t.Helper()
	return append(AppendDCZHeader(nil, sha256.Sum256(dictionary)),
		encodeZstd(t, b, zstd.WithEncoderDictRaw(0, dictionary))...)
}

// testFile returns a file in which entry 1 has brotli and dcz, entry 3 zstd, entry 4 is a link to
// entry 1, entry 2 was tried, and entry 0 has no set.
func testFile(t testing.TB) []byte {
	t.Helper()
	var m memory
	w := NewWriter(&m, testArchive, testSettings)
	number, err := w.AddDictionary(Dictionary{
		Kind: ".html", Bytes: testDictionary, Brotli: encodeBrotli(t, testDictionary)})
	if err != nil {
		t.Fatal(err)
	}
	page := [NumCodings]Encoded{
		Brotli:         {Bytes: encodeBrotli(t, testPage)},
		DictionaryZstd: {encodeDCZ(t, testPage, testDictionary), number},
	}
	script := [NumCodings]Encoded{Zstd: {Bytes: encodeZstd(t, testScript)}}
	add := func(i int, content []byte, encoded [NumCodings]Encoded) {
		t.Helper()
		if _, err := w.Add(i, int64(len(content)), sha256.Sum256(content), encoded); err != nil {
			t.Fatal(err)
		}
	}
	add(1, testPage, page)
	add(2, []byte("tried"), [NumCodings]Encoded{})
	add(3, testScript, script)
	if err := w.Link(4, 1); err != nil {
		t.Fatal(err)
	}
	size, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if size != int64(len(m.b)) {
		t.Fatalf("Finish returned %d, and wrote %d bytes", size, len(m.b))
	}
	return m.b
}

func openBytes(b []byte) (*File, error) {
	return OpenReaderAt(bytes.NewReader(b), int64(len(b)), testArchive)
}

// checkFile checks what testFile has written.
func checkFile(t *testing.T, x *File) {
	t.Helper()
	if x.Settings() != testSettings || x.Archive() != testArchive {
		t.Errorf("settings %v, archive %v", x.Settings(), x.Archive())
	}
	d := x.Dictionaries()
	if len(d) != 1 || d[0].Kind != ".html" || !bytes.Equal(d[0].Bytes, testDictionary) ||
		d[0].SHA256 != sha256.Sum256(testDictionary) || d[0].Brotli == nil {
		t.Errorf("dictionaries %v", d)
	}
	for i, want := range [][NumCodings][]byte{
		{}, {Brotli: testPage, DictionaryZstd: testPage}, {}, {Zstd: testScript},
		{Brotli: testPage, DictionaryZstd: testPage},
	} {
		set, err := x.Find(i)
		if err != nil {
			t.Fatal(err)
		}
		for c := range NumCodings {
			v, ok := set.Get(c)
			if ok != (want[c] != nil) {
				t.Errorf("entry %d, %v: %v", i, c, ok)
			}
			if !ok {
				continue
			}
			b, err := x.Append(nil, v)
			if err != nil {
				t.Fatal(err)
			}
			if b, err = x.Decode([]byte("before "), v, b, set.Size); err != nil {
				t.Fatalf("entry %d, %v: %v", i, c, err)
			}
			if string(b) != "before "+string(want[c]) {
				t.Errorf("entry %d, %v: %q", i, c, b)
			}
		}
	}
	for _, i := range []int{-1, 5} {
		if _, err := x.Find(i); !errors.Is(err, sidecar.ErrRange) {
			t.Errorf("entry %d: %v", i, err)
		}
	}
	for i, want := range []string{string(testPage), "tried", string(testScript)} {
		set, sum, err := x.SetAt(i)
		if err != nil || sum != sha256.Sum256([]byte(want)) || set.Size != int64(len(want)) ||
			set.Empty() != (want == "tried") {
			t.Errorf("set %d: %v %x %v", i, set, sum, err)
		}
	}
	if _, _, err := x.SetAt(x.Sets()); !errors.Is(err, sidecar.ErrRange) {
		t.Error(err)
	}
}

func TestRead(t *testing.T) {
	b := testFile(t)
	t.Run("memory", func(t *testing.T) {
		x, err := openBytes(b)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		checkFile(t, x)
	})
	t.Run("file", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "a.tpv")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := Open(name, testArchive)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		checkFile(t, x)
		if x.Info().Size() != int64(len(b)) || x.OSFile() == nil || x.Size() != int64(len(b)) {
			t.Error(x.Info(), x.OSFile(), x.Size())
		}
	})
}

// TestCutWhileOpen requires an error, not a fault, from an open file that another program cuts.
func TestCutWhileOpen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.tpv")
	if err := os.WriteFile(name, testFile(t), 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := Open(name, testArchive)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	set, err := x.Find(1)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Find(1); !errors.Is(err, ErrCorrupt) && x.mem != nil {
		t.Errorf("Find: %v", err)
	}
	if _, err := x.Append(nil, set.variants[Brotli]); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Append: %v", err)
	}
}

// vouch makes all hashes of a file right.
func vouch(b []byte) {
	h := header(b[:headerSize])
	for i := range numTables {
		if t := h.table(i); t.off >= 0 && t.length >= 0 && t.off <= int64(len(b)) &&
			t.length <= int64(len(b))-t.off {
			t.hash = xxhash.Sum64(b[t.off:t.end()])
			h.putTable(i, t)
		}
	}
	h.putU64(atDigest, h.sum())
	copy(b, h[:])
}

func TestRefused(t *testing.T) {
	good := testFile(t)
	h := header(good[:headerSize])
	tableAt := func(i int) int64 { return h.table(i).off }
	for what, c := range map[string]struct {
		change func(b []byte) []byte
		want   error
	}{
		"another archive": {func(b []byte) []byte { b[atArchive]++; return b }, ErrStale},
		"another size":    {func(b []byte) []byte { b[atArchiveSize]++; return b }, ErrStale},
		"other entries":   {func(b []byte) []byte { b[atEntries]++; return b }, ErrStale},
		"version":         {func(b []byte) []byte { b[atVersion]++; return b }, ErrVersion},
		"required":        {func(b []byte) []byte { b[atFeatures]++; return b }, ErrVersion},
		"optional":        {func(b []byte) []byte { b[atFeatures+2]++; return b }, ErrVersion},
		"magic":           {func(b []byte) []byte { b[0]++; return b }, ErrCorrupt},
		"empty":           {func(b []byte) []byte { return nil }, ErrCorrupt},
		"longer":          {func(b []byte) []byte { return append(b, 0) }, ErrCorrupt},
		"shorter":         {func(b []byte) []byte { return b[:len(b)-1] }, ErrCorrupt},
		"codings":         {func(b []byte) []byte { b[atCodings] = 8; return b }, ErrCorrupt},
		"level":           {func(b []byte) []byte { b[atLevel] = 12; return b }, ErrCorrupt},
		"reserved":        {func(b []byte) []byte { b[atReserved] = 1; return b }, ErrCorrupt},
		"unused":          {func(b []byte) []byte { b[atUnused] = 1; return b }, ErrCorrupt},
		"dictionaries":    {func(b []byte) []byte { b[atDictionaries] = 17; return b }, ErrCorrupt},
		"sets": {func(b []byte) []byte {
			copy(b[atSets:], "\xff\xff\xff\xff")
			return b
		}, ErrCorrupt},
		"place of a table": {func(b []byte) []byte { b[atTables] += 64; return b }, ErrCorrupt},
		"negative place": {func(b []byte) []byte {
			b[atTables+7] = 0x80
			return b
		}, ErrCorrupt},
		"set number": {func(b []byte) []byte { b[tableAt(entryTable)] = 4; return b }, ErrCorrupt},
		"size of a content": {func(b []byte) []byte {
			b[tableAt(setTable)+3] = 3
			return b
		}, ErrCorrupt},
		"variant in a table": {func(b []byte) []byte {
			readPlaceAt := tableAt(setTable) + atPlaces
			p := readPlace(b[readPlaceAt:])
			p.off = tableAt(dictionaryTable) - p.length + 1
			p.put(b[readPlaceAt:])
			return b
		}, ErrCorrupt},
		"variant in the header": {func(b []byte) []byte {
			at := tableAt(setTable) + atPlaces
			p := readPlace(b[at:])
			p.off = headerSize - 1
			p.put(b[at:])
			return b
		}, ErrCorrupt},
		"place without bytes": {func(b []byte) []byte {
			b[tableAt(setTable)+atPlaces+placeSize] = 1
			return b
		}, ErrCorrupt},
		"dictionary number": {func(b []byte) []byte {
			b[tableAt(setTable)+atPlaces+2*placeSize+6] = 1
			return b
		}, ErrCorrupt},
		"dictionary of brotli": {func(b []byte) []byte {
			b[tableAt(setTable)+atPlaces+6] = 1
			return b
		}, ErrCorrupt},
		"dictionary sum": {func(b []byte) []byte { b[tableAt(dictionaryTable)]++; return b },
			ErrCorrupt},
		"dictionary kind": {func(b []byte) []byte {
			b[tableAt(dictionaryTable)+atKind+15] = 1
			return b
		}, ErrCorrupt},
		"dictionary padding": {func(b []byte) []byte {
			b[tableAt(dictionaryTable)+atDictionaryZero] = 1
			return b
		}, ErrCorrupt},
		"brotli of another dictionary": {func(b []byte) []byte {
			at := tableAt(setTable) + atPlaces
			copy(b[tableAt(dictionaryTable)+atDictionaryBr:], b[at:at+placeSize])
			return b
		}, ErrCorrupt},
	} {
		t.Run(what, func(t *testing.T) {
			b := c.change(bytes.Clone(good))
			if len(b) >= headerSize {
				vouch(b)
			}
			x, err := openBytes(b)
			if err == nil {
				x.Close()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// TestDamage flips each bit of a file. Opening it or reading from it fails, unless no field has it.
func TestDamage(t *testing.T) {
	good := testFile(t)
	h := header(good[:headerSize])
	table := make([]bool, len(good))
	for i := range numTables {
		for at := h.table(i).off; at < h.table(i).end(); at++ {
			table[at] = true
		}
	}
	for at := range good {
		b := bytes.Clone(good)
		b[at] ^= 1 << (at % 8)
		x, err := openBytes(b)
		if err != nil {
			continue
		}
		if at < headerSize || table[at] {
			t.Errorf("byte %d: not noticed", at)
		}
		for i := range x.Sets() {
			set, _, err := x.SetAt(i)
			if err != nil {
				t.Fatal(err)
			}
			for c := range NumCodings {
				v, ok := set.Get(c)
				if !ok {
					continue
				}
				within := int64(at) >= v.Offset && int64(at) < v.Offset+v.Length
				if _, err := x.Append(nil, v); errors.Is(err, ErrCorrupt) != within {
					t.Errorf("byte %d: %v of set %d: %v", at, c, i, err)
				}
			}
		}
		x.Close()
	}
	for size := range good {
		if _, err := openBytes(good[:size]); !errors.Is(err, ErrCorrupt) {
			t.Errorf("cut at %d: %v", size, err)
		}
	}
}

func TestFindAllocates(t *testing.T) {
	x, err := openBytes(testFile(t))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	room := make([]byte, 0, 1000)
	if n := testing.AllocsPerRun(100, func() {
		set, err := x.Find(1)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := set.Get(Brotli)
		if _, err := x.Append(room, v); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestWriterLimits(t *testing.T) {
	big := make([]byte, MaxDictionary+1)
	for what, do := range map[string]func(w *Writer) error{
		"a large dictionary": func(w *Writer) error {
			_, err := w.AddDictionary(Dictionary{Bytes: big})
			return err
		},
		"an empty dictionary": func(w *Writer) error {
			_, err := w.AddDictionary(Dictionary{})
			return err
		},
		"a long kind": func(w *Writer) error {
			_, err := w.AddDictionary(Dictionary{Bytes: big[:1], Kind: "seventeen letters"})
			return err
		},
		"a large content": func(w *Writer) error {
			_, err := w.Add(0, MaxContent+1, sidecar.Sum{}, [NumCodings]Encoded{})
			return err
		},
		"an empty content": func(w *Writer) error {
			_, err := w.Add(0, 0, sidecar.Sum{}, [NumCodings]Encoded{})
			return err
		},
		"no such dictionary": func(w *Writer) error {
			_, err := w.Add(0, 1, sidecar.Sum{}, [NumCodings]Encoded{
				DictionaryZstd: {Bytes: big[:1]}})
			return err
		},
		"many dictionaries": func(w *Writer) (err error) {
			for range MaxDictionaries + 1 {
				if _, err = w.AddDictionary(Dictionary{Bytes: big[:1]}); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		w := NewWriter(new(memory), testArchive, testSettings)
		if err := do(w); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, do := range map[string]func(w *Writer) error{
		"add": func(w *Writer) error {
			_, err := w.Add(5, 1, sidecar.Sum{}, [NumCodings]Encoded{})
			return err
		},
		"link": func(w *Writer) error { return w.Link(5, 0) },
		"to":   func(w *Writer) error { return w.Link(0, -1) },
	} {
		w := NewWriter(new(memory), testArchive, testSettings)
		if err := do(w); !errors.Is(err, sidecar.ErrRange) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := w.Finish(); err == nil {
			t.Errorf("%s: Finish wrote a file", what)
		}
	}
}

// full fails all writes beyond a number of bytes.
type full struct {
	memory
	room int
}

func (f *full) WriteAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > int64(f.room) {
		return 0, io.ErrShortWrite
	}
	return f.memory.WriteAt(b, off)
}

func TestWriterFull(t *testing.T) {
	whole := len(testFile(t))
	write := func(room int) error {
		w := NewWriter(&full{room: room}, testArchive, testSettings)
		_, err1 := w.AddDictionary(Dictionary{Bytes: testDictionary})
		_, err2 := w.Add(0, 9, sidecar.Sum{}, [NumCodings]Encoded{Brotli: {Bytes: []byte("encoded")}})
		_, err := w.Finish()
		if (err1 != nil || err2 != nil) && err == nil {
			t.Errorf("%d bytes: Finish forgot %v, %v", room, err1, err2)
		}
		return err
	}
	if err := write(whole); err != nil {
		t.Fatal(err)
	}
	for _, room := range []int{0, headerSize, headerSize + len(testDictionary), 640} {
		if err := write(room); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%d bytes: %v", room, err)
		}
	}
}

func TestOpenAny(t *testing.T) {
	good := testFile(t)
	many := bytes.Clone(good)
	copy(many[atEntries:], "\xff\xff\xff\xff\xff\xff\xff\x7f")
	vouch(many)
	for what, c := range map[string]struct {
		b    []byte
		want error
	}{
		"good":         {good, nil},
		"cut":          {good[:headerSize-1], ErrCorrupt},
		"empty":        {nil, ErrCorrupt},
		"another":      {bytes.Repeat([]byte("x"), 1000), ErrCorrupt},
		"many entries": {many, ErrCorrupt},
	} {
		name := filepath.Join(t.TempDir(), "a.tpv")
		if err := os.WriteFile(name, c.b, 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := OpenAny(name)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
		if err == nil {
			checkFile(t, x)
			x.Close()
		}
	}
	if _, err := OpenAny(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestParseSet(t *testing.T) {
	x, err := openBytes(testFile(t))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for i := range x.Sets() {
		set, _, err := x.SetAt(i)
		if err != nil {
			t.Fatal(err)
		}
		row := set.AppendRow(nil)
		got, ok := ParseSet(row, x.Size(), 1)
		if !ok || got != set {
			t.Errorf("set %d: %v, want %v", i, got, set)
		}
		if _, ok := ParseSet(row[1:], x.Size(), 1); ok {
			t.Errorf("set %d: a short row", i)
		}
		if _, ok := ParseSet(row, x.Size(), 0); ok && got.variants[DictionaryZstd].Length > 0 {
			t.Errorf("set %d: no dictionary", i)
		}
	}
}
