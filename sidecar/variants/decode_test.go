package variants

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// TestDecodeStrict has encoded contents that some decoders take and others do not.
func TestDecodeStrict(t *testing.T) {
	x, err := openBytes(testFile(t))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	content := bytes.Repeat([]byte("a content that is longer than most. "), 50)
	br, zs := encodeBrotli(t, content), encodeZstd(t, content)
	dcz := encodeDCZ(t, content, testDictionary)
	skip := []byte{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x'}
	half := len(content) / 2
	size := int64(len(content))
	numbered := encodeZstd(t, content, zstd.WithEncoderDictRaw(7, content))
	wide := encodeZstd(t, make([]byte, 9<<20), zstd.WithSingleSegment(true))
	for what, c := range map[string]struct {
		coding Coding
		b      []byte
		size   int64
		ok     bool
	}{
		"brotli":                   {Brotli, br, size, true},
		"brotli and a byte":        {Brotli, append(slices.Clone(br), 0), size, false},
		"brotli twice":             {Brotli, slices.Concat(br, br), size, false},
		"brotli cut":               {Brotli, br[:len(br)-1], size, false},
		"brotli of more":           {Brotli, br, size - 1, false},
		"brotli of less":           {Brotli, br, size + 1, false},
		"brotli of nothing":        {Brotli, nil, 0, false},
		"zstd":                     {Zstd, zs, size, true},
		"zstd with a checksum":     {Zstd, encodeZstd(t, content, zstd.WithEncoderCRC(true)), size, true},
		"zstd and a byte":          {Zstd, append(slices.Clone(zs), 0), size, false},
		"zstd cut":                 {Zstd, zs[:len(zs)-1], size, false},
		"zstd of more":             {Zstd, zs, size - 1, false},
		"zstd of less":             {Zstd, zs, size + 1, false},
		"zstd and a frame to skip": {Zstd, slices.Concat(zs, skip), size, false},
		"a frame to skip and zstd": {Zstd, slices.Concat(skip, zs), size, false},
		"two frames": {Zstd, slices.Concat(
			encodeZstd(t, content[:half]), encodeZstd(t, content[half:])), size, false},
		"a wide window":           {Zstd, wide, 9 << 20, false},
		"dictionary ID":           {Zstd, numbered, size, false},
		"dcz":                     {DictionaryZstd, dcz, size, true},
		"dcz without its header":  {DictionaryZstd, dcz[DCZHeaderSize:], size, false},
		"dcz of another":          {DictionaryZstd, encodeDCZ(t, content, content), size, false},
		"dcz and a byte":          {DictionaryZstd, append(slices.Clone(dcz), 0), size, false},
		"dcz cut":                 {DictionaryZstd, dcz[:DCZHeaderSize-1], size, false},
		"zstd that says it is br": {Brotli, zs, size, false},
		"too large":               {Zstd, zs, MaxContent + 1, false},
		"no coding":               {NumCodings, zs, size, false},
	} {
		t.Run(what, func(t *testing.T) {
			out, err := x.Decode([]byte("ab"), Variant{Coding: c.coding}, c.b, c.size)
			switch {
			case c.ok && err != nil:
				t.Error(err)
			case c.ok && !bytes.Equal(out, slices.Concat([]byte("ab"), content)):
				t.Errorf("%d bytes", len(out))
			case !c.ok && !errors.Is(err, ErrCorrupt):
				t.Errorf("error %v", err)
			case !c.ok && string(out) != "ab":
				t.Errorf("after an error: %q", out)
			}
		})
	}
	v := Variant{Coding: DictionaryZstd, Dictionary: 1}
	if _, err := x.Decode(nil, v, dcz, size); !errors.Is(err, ErrCorrupt) {
		t.Errorf("dictionary 1: %v", err)
	}
}

// FuzzOpen changes bytes of a file, whose hashes are then made right. It must be refused, or all
// that Find returns can be read, and is decoded as a second decoder does or refused.
func FuzzOpen(f *testing.F) {
	good := testFile(f)
	h := header(good[:headerSize])
	f.Add(uint32(0), []byte{})
	for i := range numTables {
		f.Add(uint32(h.table(i).off), []byte{1, 2, 3, 4, 5, 6, 7, 8})
		f.Add(uint32(atTables+tableEntry*i), binary.LittleEndian.AppendUint64(nil, 1<<63-1))
	}
	f.Add(uint32(headerSize), []byte("<html>"))
	f.Add(uint32(len(good)), []byte("more"))
	f.Fuzz(func(t *testing.T, at uint32, change []byte) {
		b := bytes.Clone(good)
		if int64(at) > int64(len(b)) {
			b = append([]byte(nil), change...)
		} else if end := int(at) + len(change); end > len(b) {
			b = append(b[:at], change...)
		} else {
			copy(b[at:], change)
		}
		if len(b) >= headerSize {
			vouch(b)
		}
		x, err := openBytes(b)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrStale) && !errors.Is(err, ErrVersion) {
				t.Fatalf("error %v", err)
			}
			return
		}
		defer x.Close()
		for _, d := range x.Dictionaries() {
			if sha256.Sum256(d.Bytes) != d.SHA256 {
				t.Error("a dictionary without its sum")
			}
		}
		for i := range testArchive.Entries {
			set, err := x.Find(i)
			if err != nil {
				t.Fatal(err)
			}
			checkSet(t, x, &set)
		}
	})
}

// checkSet reads all variants of a set, and compares contents with those of other decoders.
func checkSet(t *testing.T, x *File, set *Set) {
	for c := range NumCodings {
		v, ok := set.Get(c)
		if !ok {
			continue
		}
		b, err := x.Append(nil, v)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			continue
		}
		content, err := x.Decode(nil, v, b, set.Size)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			continue
		}
		if int64(len(content)) != set.Size {
			t.Fatalf("%v: %d bytes, not %d", c, len(content), set.Size)
		}
	}
}

// FuzzFrame compares the check of a frame with a decoder: what passes and is decoded must be what
// the decoder finds in the frame alone.
func FuzzFrame(f *testing.F) {
	content := bytes.Repeat([]byte("a content that is longer than most. "), 50)
	f.Add(encodeZstd(f, content))
	f.Add(encodeZstd(f, content, zstd.WithEncoderCRC(true)))
	f.Add(encodeZstd(f, nil))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 0x0b, 0, 0, 'a'})
	d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(1<<20), zstd.WithDecoderConcurrency(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(d.Close)
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := d.DecodeAll(b, nil)
		if err != nil {
			return // checkFrame need not find that
		}
		if checkFrame(b, int64(len(out))) != nil {
			return
		}
		// One frame: one byte less is no frame, and one more is none either.
		if _, err := d.DecodeAll(b[:len(b)-1], nil); err == nil {
			t.Errorf("%x without its last byte is a frame, too", b)
		}
		if checkFrame(append(bytes.Clone(b), 0), int64(len(out))) == nil {
			t.Errorf("%x and a zero is a frame, too", b)
		}
	})
}
