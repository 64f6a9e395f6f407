package patch_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/patch"
)

// header is the header of a patch for the archives in testdata, and the sizes of these.
func header(t testing.TB) (b []byte, old, to int64) {
	t.Helper()
	b = tartest.Read(t, filepath.Join("testdata", "version1.tpp"))[:patch.HeaderSize]
	return b, int64(binary.LittleEndian.Uint64(b[24:])), int64(binary.LittleEndian.Uint64(b[40:]))
}

// numbers returns varints: signed ones where signed has a 1.
func numbers(signed string, list ...int64) (b []byte) {
	for k, v := range list {
		if k < len(signed) && signed[k] == '1' {
			b = binary.AppendVarint(b, v)
		} else {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	return b
}

// Instructions that break a rule are errors; so are chunks whose lengths do not fit.
func TestHostileInstructions(t *testing.T) {
	head, old, to := header(t)
	binary.LittleEndian.PutUint64(head[88:], 1)
	const big = math.MaxInt64
	noise := func(n int64) string { return tartest.Noise("x", int(n)) }
	for name, c := range map[string]struct {
		text       []byte
		data       string
		dictionary int
		output     int64
		good       bool
	}{
		"raw":                    {text: numbers("", 0, 1, to), data: noise(to), good: true},
		"no step":                {text: numbers("", 0)},
		"nothing":                {text: nil},
		"unknown step":           {text: numbers("", 0, 8, to, to), data: noise(to)},
		"copy before 0":          {text: numbers("001", 0, 0, -1, to)},
		"copy after the end":     {text: numbers("001", 0, 0, old, 1)},
		"copy across the end":    {text: numbers("001", 0, 0, old-to+1, to)},
		"copy of nothing":        {text: numbers("001", 0, 0, 0, 0)},
		"copy of too much":       {text: numbers("001", 0, 0, 0, to+1)},
		"copy of much":           {text: numbers("001", 0, 0, 0, big)},
		"half a step":            {text: numbers("001", 0, 0, 0)},
		"raw beyond the data":    {text: numbers("", 0, 1, to), data: "x"},
		"data is left":           {text: numbers("", 0, 1, to), data: noise(to + 1)},
		"zeros":                  {text: numbers("", 0, 7, 1025, 0, to)},
		"extra":                  {text: numbers("", 0, 7, 1, 1, to)},
		"sources without end":    {text: numbers("", big, 0)},
		"unknown source":         {text: numbers("001", 1, 3, 0, 1, 1), dictionary: 1},
		"source before 0":        {text: numbers("001", 1, 0, -1, 1), dictionary: 1},
		"source across the end":  {text: numbers("001", 1, 0, old, 1), dictionary: 1},
		"source of nothing":      {text: numbers("001", 1, 1, 0, 0, 1), dictionary: 1},
		"source becomes nothing": {text: numbers("001", 1, 1, 0, 1, 0), dictionary: 1},
		"source of too much":     {text: numbers("001", 1, 1, 0, 9, 2), dictionary: 1},
		"dictionary is longer": {
			text: numbers("001", 1, 0, 0, 1, 1, to), data: noise(to), dictionary: 2,
		},
		"dictionary too long": {
			text: numbers("", 0, 1, to), data: noise(to), dictionary: patch.MaxDictionary + 1,
		},
		"made too much":     {text: numbers("", 0, 4, 1, 17<<20), data: "x", output: 17 << 20},
		"output too long":   {text: numbers("", 0, 1, to), data: noise(to), output: to + 1},
		"output of nothing": {text: numbers("", 0), output: 0},
	} {
		text, err := patch.Compress(c.text, nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := patch.Compress([]byte(c.data), nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.output == 0 && name != "output of nothing" {
			c.output = to
		}
		b := bytes.Clone(head)
		if c.output > to && name != "output too long" {
			binary.LittleEndian.PutUint64(b[40:], uint64(c.output))
		}
		b = patch.AppendChunk(b, text, data, c.dictionary, len(c.text), len(c.data), []byte(c.data),
			c.output)
		patch.Vouch(b)
		_, missing, err := apply(t, b, filepath.Join("testdata", "old.tar.gz"))
		if c.good && (!errors.Is(err, patch.ErrResult) || len(missing) > 0) {
			t.Errorf("%s: %v, missing %v, want it to be applied", name, err, missing)
		}
		if !c.good && !errors.Is(err, patch.ErrCorrupt) {
			t.Errorf("%s: %v, missing %v, want ErrCorrupt", name, err, missing)
		}
	}
}

// A frame that becomes more than its chunk states is an error, and takes little memory.
func TestBomb(t *testing.T) {
	head, _, to := header(t)
	binary.LittleEndian.PutUint64(head[88:], 1)
	bomb, err := patch.Compress(make([]byte, 64<<20), nil)
	if err != nil {
		t.Fatal(err)
	}
	text := numbers("", 0, 1, to)
	packed, err := patch.Compress(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"instructions": patch.AppendChunk(bytes.Clone(head), bomb, nil, 0,
			patch.MaxInstructions, 0, nil, to),
		"data": patch.AppendChunk(bytes.Clone(head), packed, bomb, 0,
			len(text), int(to), nil, to),
	} {
		patch.Vouch(b)
		_, missing, err := apply(t, b, filepath.Join("testdata", "old.tar.gz"))
		if name == "instructions" && !errors.Is(err, patch.ErrCorrupt) || err == nil ||
			name == "data" && len(missing) != 1 {
			t.Errorf("%s: missing %v, %v", name, missing, err)
		}
	}
}

// Headers that state what can't be, of another version, and files that are no patches.
func TestHostileHeader(t *testing.T) {
	good := tartest.Read(t, filepath.Join("testdata", "version1.tpp"))
	if _, err := patch.ParseHeader(good, int64(len(good))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		at   int
		v    byte
		want error
	}{
		"magic": {0, 'X', patch.ErrCorrupt}, "version 2": {8, 2, patch.ErrVersion},
		"version 0": {8, 0, patch.ErrCorrupt}, "level 0": {14, 0, patch.ErrCorrupt},
		"level 10": {14, 10, patch.ErrCorrupt}, "byte 15": {15, 1, patch.ErrCorrupt},
		"old size": {31, 0x80, patch.ErrCorrupt}, "new size": {47, 0x80, patch.ErrCorrupt},
		"chunks": {95, 0x80, patch.ErrCorrupt}, "many chunks": {90, 1, patch.ErrCorrupt},
		"room": {100, 1, patch.ErrCorrupt},
	} {
		b := bytes.Clone(good)
		b[c.at] = c.v
		patch.Vouch(b)
		if _, err := patch.Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range len(good) { // cut off, or with another hash
		if _, err := patch.Open(bytes.NewReader(good[:n]), int64(n)); !errors.Is(err, patch.ErrCorrupt) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		b := bytes.Clone(good)
		b[n] ^= 1
		got, _, err := apply(t, b, filepath.Join("testdata", "old.tar.gz"))
		if err == nil && !bytes.Equal(got, tartest.Read(t, filepath.Join("testdata", "new.tar.gz"))) {
			t.Fatalf("byte %d: another archive", n)
		}
	}
}

// FuzzApply applies patches whose header is right, and what follows is not. They make the new
// archive or an error, and never more bytes than it has.
func FuzzApply(f *testing.F) {
	good := tartest.Read(f, filepath.Join("testdata", "version1.tpp"))
	want := tartest.Read(f, filepath.Join("testdata", "new.tar.gz"))
	f.Add(good[patch.HeaderSize:], uint64(1))
	f.Add(good[patch.HeaderSize:len(good)-1], uint64(1))
	f.Add(append(bytes.Clone(good[patch.HeaderSize:]), good[patch.HeaderSize:]...), uint64(2))
	old, err := os.Open(filepath.Join("testdata", "old.tar.gz"))
	if err != nil {
		f.Fatal(err)
	}
	defer old.Close()
	out, err := os.Create(filepath.Join(f.TempDir(), "out"))
	if err != nil {
		f.Fatal(err)
	}
	defer out.Close()
	f.Fuzz(func(t *testing.T, rest []byte, chunks uint64) {
		b := append(bytes.Clone(good[:patch.HeaderSize]), rest...)
		binary.LittleEndian.PutUint64(b[88:], chunks)
		patch.Vouch(b)
		p, err := patch.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if !errors.Is(err, patch.ErrCorrupt) {
				t.Error(err)
			}
			return
		}
		if err := out.Truncate(0); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Seek(0, 0); err != nil {
			t.Fatal(err)
		}
		done, err := p.Apply(t.Context(), old, out)
		if err != nil {
			if !errors.Is(err, patch.ErrCorrupt) {
				t.Error(err)
			}
			return
		}
		got, err := os.ReadFile(out.Name())
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d bytes of %d, %v", len(got), len(want), err)
		}
		if fill(got, done.Missing, want); p.Check(t.Context(), bytes.NewReader(got)) == nil &&
			!bytes.Equal(got, want) {
			t.Error("another archive")
		}
	})
}

// FuzzInstructions applies patches of one chunk with any instructions and data.
func FuzzInstructions(f *testing.F) {
	head, old, to := header(f)
	f.Add(numbers("001", 0, 0, 0, to), []byte{}, 0)
	f.Add(numbers("00100", 1, 0, 0, 9, 7, 300, 0, 4), []byte("data"), 9)
	f.Add(append(numbers("", 0, 2, 5, 40, 3, 3, 2, 60, 5, 1, 9), 1, 0), []byte("a few bytes"), 0)
	f.Add(numbers("001", 1, 1, 0, old, 400, 6, 3, 9), []byte("abc"), 400)
	f.Fuzz(func(t *testing.T, text, data []byte, dictionary int) {
		packedText, packed := frame(text), frame(data)
		b := bytes.Clone(head)
		binary.LittleEndian.PutUint64(b[88:], 1)
		b = patch.AppendChunk(b, packedText, packed, dictionary, len(text), len(data), nil, to)
		patch.Vouch(b)
		got, missing, err := apply(t, b, filepath.Join("testdata", "old.tar.gz"))
		if err == nil || int64(len(got)) > to {
			t.Errorf("%d bytes of %d, missing %v, %v", len(got), to, missing, err)
		}
	})
}

// frame returns a zstd frame of raw blocks (RFC 8878 3.1.1), which takes no time.
func frame(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	f := []byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0} // one segment, a size of 4 bytes
	f = binary.LittleEndian.AppendUint32(f, uint32(len(b)))
	for first := true; first || len(b) > 0; first = false {
		n := min(len(b), 128<<10)
		head := n << 3
		if n == len(b) {
			head |= 1 // the last block
		}
		f = append(append(f, byte(head), byte(head>>8), byte(head>>16)), b[:n]...)
		b = b[n:]
	}
	return f
}
