package hpack

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"
)

const (
	testTable  = 200
	testString = 300
)

// decoded is what became of some blocks.
type decoded struct {
	fields []string
	failed bool
}

// ours decodes blocks, in pieces of a length.
func ours(blocks [][]byte, piece int, silent bool) (r decoded) {
	d := New(testTable, testString, func(f *Field) {
		r.fields = append(r.fields, f.Name+": "+f.Value)
	})
	d.SetSilent(silent)
	for _, b := range blocks {
		for part := range slices.Chunk(b, piece) {
			part = bytes.Clone(part)
			err := d.Write(part)
			clear(part) // it is the caller's memory
			if err != nil {
				r.failed = true
				return r
			}
		}
		if d.Close() != nil {
			r.failed = true
			return r
		}
	}
	return r
}

// theirs does the same by x/net's Decoder.
func theirs(blocks [][]byte, silent bool) (r decoded) {
	d := hpack.NewDecoder(testTable, func(f hpack.HeaderField) {
		r.fields = append(r.fields, f.Name+": "+f.Value)
	})
	d.SetMaxStringLength(testString)
	d.SetEmitEnabled(!silent)
	for _, b := range blocks {
		if _, err := d.Write(b); err != nil || d.Close() != nil {
			r.failed = true
			return r
		}
	}
	return r
}

// FuzzDecoder decodes the same blocks as x/net's Decoder, and in pieces. Both find the same fields,
// and either both fail or none.
func FuzzDecoder(f *testing.F) {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := range 20 {
		for _, field := range []hpack.HeaderField{
			{Name: ":method", Value: "GET"}, {Name: ":path", Value: "/a/" + strings.Repeat("b", i)},
			{Name: "user-agent", Value: "Mozilla/5.0 (X11; Linux x86_64)"},
			{Name: "x-test", Value: string([]byte{0, byte(i), 0xff, '\\'})},
			{Name: "cookie", Value: "secret", Sensitive: true},
		} {
			if err := e.WriteField(field); err != nil {
				f.Fatal(err)
			}
		}
		if i == 10 {
			e.SetMaxDynamicTableSize(100)
		}
		f.Add(bytes.Clone(b.Bytes()), uint8(i), i%2 == 0)
	}
	f.Add([]byte{0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, uint8(0), false)
	f.Add(append([]byte{0x40, 1, 'a', 0x7f, 0xe0, 1}, strings.Repeat("x", 400)...), uint8(9), true)
	f.Add([]byte{0x82, 0x20, 0x41, 0x84, 0xff, 0xff, 0xff, 0xff}, uint8(1), false)
	f.Fuzz(func(t *testing.T, b []byte, cut uint8, silent bool) {
		at := min(int(cut), len(b))
		blocks := [][]byte{b[:at], b[at:], b[:at]}
		want := theirs(blocks, silent)
		for _, piece := range []int{1 << 20, 1 + int(cut)%7, 1} {
			got := ours(blocks, piece, silent)
			if got.failed != want.failed || !slices.Equal(got.fields, want.fields) {
				t.Errorf("pieces of %d: %+v, want %+v", piece, got, want)
			}
		}
	})
}

// FuzzHuffman decodes arbitrary bytes, and what x/net has encoded.
func FuzzHuffman(f *testing.F) {
	f.Add([]byte("/std/collections/struct.HashMap.html"))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0, 1, 2, 0xfe, '\n', 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := appendHuffman(nil, b, testString)
		var want bytes.Buffer
		_, err2 := hpack.HuffmanDecode(&want, b)
		switch {
		case (err == nil) != (err2 == nil && want.Len() <= testString):
			t.Errorf("%x: %v, x/net %v", b, err, err2)
		case err == nil && !bytes.Equal(got, want.Bytes()):
			t.Errorf("%x: %q, x/net %q", b, got, want.Bytes())
		}
		back, err := appendHuffman(nil, hpack.AppendHuffmanString(nil, string(b)), len(b))
		if err != nil || !bytes.Equal(back, b) {
			t.Errorf("%q became %q, %v", b, back, err)
		}
	})
}

// TestEverySymbol: each byte is decoded from its code, alone and between others.
func TestEverySymbol(t *testing.T) {
	all := make([]byte, 0, 512)
	for c := range 256 {
		all = append(all, byte(c), 'a')
		one := string([]byte{byte(c)})
		if got, err := appendHuffman(nil, hpack.AppendHuffmanString(nil, one), 1); string(got) != one ||
			err != nil {
			t.Errorf("%q became %q, %v", one, got, err)
		}
	}
	got, err := appendHuffman(nil, hpack.AppendHuffmanString(nil, string(all)), len(all))
	if err != nil || !bytes.Equal(got, all) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := appendHuffman(nil, hpack.AppendHuffmanString(nil, "ab"), 1); err == nil {
		t.Error("no limit")
	}
}

// TestValid: what the callback sets is kept with a field in the dynamic table. It is set for fields
// of the static table, and for no others.
func TestValid(t *testing.T) {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	var valid []bool
	d := New(4096, 100, func(f *Field) {
		valid = append(valid, f.Valid)
		f.Valid = true
	})
	for range 2 {
		b.Reset()
		_ = e.WriteField(hpack.HeaderField{Name: ":method", Value: "GET"})
		_ = e.WriteField(hpack.HeaderField{Name: "accept", Value: "text/html"})
		_ = e.WriteField(hpack.HeaderField{Name: "cookie", Value: "x", Sensitive: true})
		if err := d.Write(b.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if want := []bool{true, false, false, true, true, false}; !slices.Equal(valid, want) {
		t.Error(valid)
	}
}

// BenchmarkDecoder decodes the blocks of h2load.
func BenchmarkDecoder(b *testing.B) {
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	write := func() {
		block.Reset()
		for _, f := range [][2]string{
			{":method", "GET"}, {":scheme", "https"}, {":authority", "127.0.0.1:8443"},
			{":path", "/std/collections/hash_map/struct.HashMap.html"},
			{"user-agent", "h2load nghttp2/1.52.0"}, {"accept-encoding", "gzip"},
		} {
			_ = e.WriteField(hpack.HeaderField{Name: f[0], Value: f[1], Sensitive: f[0] == ":path"})
		}
	}
	ours := New(4096, 1<<16, func(*Field) {})
	theirs := hpack.NewDecoder(4096, func(hpack.HeaderField) {})
	theirs.SetMaxStringLength(1 << 16)
	for range 2 { // the second block is what is measured
		write()
		if _, err := theirs.Write(block.Bytes()); err != nil || ours.Write(block.Bytes()) != nil {
			b.Fatal(err)
		}
	}
	b.Run("tpk", func(b *testing.B) {
		for b.Loop() {
			_ = ours.Write(block.Bytes())
		}
	})
	b.Run("x-net", func(b *testing.B) {
		for b.Loop() {
			_, _ = theirs.Write(block.Bytes())
		}
	})
}
