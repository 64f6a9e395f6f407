package text

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// memory is a file in memory.
type memory struct{ b []byte }

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	if need := int(off) + len(p); need > len(m.b) {
		m.b = append(m.b, make([]byte, need-len(m.b))...)
	}
	return copy(m.b[off:], p), nil
}

// small returns an index of documents that are lists of words.
func small(t testing.TB, bodies ...string) []byte {
	t.Helper()
	m := &memory{}
	w := newWriter(m, Binding{1, 2})
	c := newCollector(t.TempDir(), 1<<20)
	for i, body := range bodies {
		d := &document{ordinal: i, title: "Title", keys: []string{"key"}}
		d.names.addAll([]byte("name title"))
		d.body.addAll([]byte(body))
		n, err := c.add(int64(i), d)
		if err != nil {
			t.Fatal(err)
		}
		w.addDocument(d, n)
	}
	if err := c.merge(w.addTerm); err != nil {
		t.Fatal(err)
	}
	if _, err := w.finish(); err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	return m.b
}

// vouch makes the hashes of an index right.
func vouch(b []byte) {
	if len(b) < HeaderSize {
		return
	}
	binary.LittleEndian.PutUint64(b[16+8*10:], xxhash.Sum64(b[HeaderSize:]))
	binary.LittleEndian.PutUint64(b[HeaderSize-8:], xxhash.Sum64(b[:HeaderSize-8]))
}

// probe opens an index with right hashes, and searches it. Nothing but an error of the index, or
// wrong hits, may come of it.
func probe(t testing.TB, b []byte) {
	t.Helper()
	vouch(b)
	x, err := OpenReaderAt(bytes.NewReader(b), int64(len(b)), Binding{1, 2})
	if err != nil {
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrStale) && !errors.Is(err, ErrVersion) {
			t.Fatal(err)
		}
		return
	}
	for _, query := range []string{
		"a", "a b", `"a b c"`, "a* b*", "key", "name", `"a b"* connection`, "zz*",
	} {
		hits, _, err := x.Search(context.Background(), Parse(query), SearchOptions{Limit: 3})
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrCostly) {
			t.Fatal(err)
		}
		if len(hits) > 3 {
			t.Fatalf("%s: %d hits", query, len(hits))
		}
		for _, h := range hits {
			if h.Ordinal < 0 || len(h.Others) > maxOthers {
				t.Fatalf("%s: %+v", query, h)
			}
		}
	}
}

// TestHostile changes each byte of an index in several ways, with the hashes made right again.
func TestHostile(t *testing.T) {
	b := small(t, "a b c a b", "b a connection connected", "c c c", "aa ab ac zzz")
	probe(t, bytes.Clone(b))
	for i := range b {
		for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff, b[i] + 1} {
			bad := bytes.Clone(b)
			bad[i] = v
			probe(t, bad)
		}
		if i%8 == 0 && i < len(b)-8 {
			bad := bytes.Clone(b)
			for k := range 8 {
				bad[i+k] = 0xff
			}
			probe(t, bad)
		}
	}
}

// FuzzHostile is TestHostile with any bytes.
func FuzzHostile(f *testing.F) {
	f.Add(small(f, "a b c a b", "b a connection connected", "c c c"))
	f.Add(small(f))
	f.Fuzz(func(t *testing.T, b []byte) { probe(t, bytes.Clone(b)) })
}

// TestCostly: a search reads a bounded number of bytes, and says so.
func TestCostly(t *testing.T) {
	index := small(t, "a b", "b")
	x, err := OpenReaderAt(bytes.NewReader(index), int64(len(index)), Binding{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	b := budget{context.Background(), 1}
	term, ok, err := x.lookup("tb")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := x.eachDocument(&b, &term, func(_, _ uint32) {}); !errors.Is(err, ErrCostly) {
		t.Error(err)
	}
}

// TestTruncated: a file that becomes shorter while it is open is an error of the index.
func TestTruncated(t *testing.T) {
	b := small(t, "a b", "b")
	r := bytes.NewReader(b)
	x, err := OpenReaderAt(r, int64(len(b)), Binding{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	r.Reset(b[:HeaderSize])
	_, _, err = x.Search(t.Context(), Parse("a"), SearchOptions{Limit: 1})
	if !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
}

// TestHeader asserts the arithmetic of the header.
func TestHeader(t *testing.T) {
	h := &header{binding: Binding{1, 2}}
	if b := h.encode(); len(b) != HeaderSize || 16+8*len(h.fields()) > HeaderSize-8 {
		t.Errorf("a header of %d bytes", len(b))
	}
	if len(magic) != 8 || documentSize != 3*4+8 || blockSize != 2*8 {
		t.Error("the sizes of the layout")
	}
}
