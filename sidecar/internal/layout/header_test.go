package layout

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// TestHeader sets each field and reads it back.
func TestHeader(t *testing.T) {
	h := NewHeader()
	if !h.HasMagic() || h.Version() != Version {
		t.Errorf("magic %v, version %d", h.HasMagic(), h.Version())
	}
	h.SetFeatures(0x8001, 0x4002)
	h.SetArchiveSize(MaxOffset)
	h.SetEntries(MaxEntries)
	for i := range NumStats {
		h.SetStat(i, 1<<63+uint64(i))
	}
	sections := make([]Span, NumSections)
	for i := range sections {
		n := int64(i)
		sections[i] = Span{ID: 200 + uint8(i), Off: n << 48, Len: n << 20, Hash: 1<<63 + uint64(i)}
	}
	h.SetSections(sections)
	digest := h.Seal()
	if required, optional := h.Features(); required != 0x8001 || optional != 0x4002 {
		t.Errorf("features %#x, %#x", required, optional)
	}
	if h.ArchiveSize() != MaxOffset || h.Entries() != MaxEntries || h.Digest() != digest ||
		h.Sum() != digest {
		t.Errorf("archive of %d bytes, %d entries, digest %016x, %016x, want %016x",
			h.ArchiveSize(), h.Entries(), h.Digest(), h.Sum(), digest)
	}
	for i := range NumStats {
		if got := h.Stat(i); got != 1<<63+uint64(i) {
			t.Errorf("statistic %d: %x", i, got)
		}
	}
	if h.NumSections() != NumSections {
		t.Errorf("%d sections", h.NumSections())
	}
	for i, want := range sections {
		if s := h.Section(i); s != want {
			t.Errorf("section %d: %+v", i, s)
		}
	}
	if !h.ReservedZero(false) || !h.ReservedZero(true) {
		t.Error("a field lies in reserved bytes")
	}
	for i := range h {
		changed := *h
		if i >= atNumSections && i < atReserved {
			continue // it moves the end of what is used
		}
		changed[i] ^= 1
		reserved := i >= atReserved && i < atSections ||
			i >= atSections+NumSections*sectionEntry && i < atDigest
		if changed.ReservedZero(false) == reserved {
			t.Errorf("byte %d: ReservedZero is %v", i, !reserved)
		}
		withSums := reserved && (i < atListsSum)
		if changed.ReservedZero(true) == withSums {
			t.Errorf("byte %d: with sums, ReservedZero is %v", i, !withSums)
		}
		if summed := i < atDigest; (changed.Sum() != digest) != summed {
			t.Errorf("byte %d: Sum depends on it: %v", i, !summed)
		}
	}
}

// TestRecord sets each field to any value and reads it back.
func TestRecord(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 1000 {
		offset, size, wide := r.Int64N(1<<56), r.Int64N(1<<48), r.Int64N(1<<48)
		headerLen, padLen, sniff := r.Int32N(1<<16), r.Int32N(1<<16), uint8(r.IntN(256))
		hash, narrow := r.Uint64(), r.Uint32()
		modTime, mode := r.Int64N(1<<40)-1<<39, uint16(r.IntN(MaxMode+1))
		typ, coding, duplicate := uint8(r.IntN(16)), uint8(r.IntN(4)), r.IntN(2) == 0
		b := bytes.Repeat([]byte{0xff}, RecordSize)
		rec := AsRecord(b)
		rec.SetHeader(offset, headerLen)
		rec.SetSize(size, padLen)
		rec.SetWide(wide, sniff)
		rec.SetHash(hash)
		rec.SetNarrow(narrow)
		rec.SetAttributes(modTime, mode, typ, coding, duplicate)
		if rec.Offset() != offset || rec.HeaderLen() != headerLen ||
			rec.Size() != size || rec.PadLen() != padLen ||
			rec.Wide() != wide || rec.Sniff() != sniff ||
			rec.Hash() != hash || rec.Narrow() != narrow ||
			rec.ModTime() != modTime || rec.Mode() != mode ||
			rec.Type() != typ || rec.Coding() != coding || rec.Duplicate() != duplicate {
			t.Fatalf("% x", b)
		}
		if !rec.ReservedZero() {
			t.Fatalf("a field lies in reserved bits: % x", b)
		}
		major, minor := r.Uint32N(1<<24), r.Uint32N(1<<24)
		if a, b := SplitDevice(JoinDevice(major, minor)); a != major || b != minor {
			t.Fatalf("device %d, %d becomes %d, %d", major, minor, a, b)
		}
	}
	var rec Record
	rec[recKind] = kindZero
	if rec.ReservedZero() {
		t.Errorf("bit %#x of byte %d is free", kindZero, recKind)
	}
}

// TestDirRecord sets the fields of a directory's record to any value and reads them back.
func TestDirRecord(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 1000 {
		want := Totals{r.Uint64(), r.Uint64N(1 << 56), r.Uint32()}
		offset, headerLen, end := r.Int64N(1<<56), r.Int32N(1<<16), r.Uint32()
		var rec Record
		rec.SetHeader(offset, headerLen)
		rec.SetNarrow(end)
		rec.SetTotals(want)
		if rec.Totals() != want || rec.Offset() != offset || rec.HeaderLen() != headerLen ||
			rec.Narrow() != end || !rec.ZeroInDir() {
			t.Fatalf("% x", rec)
		}
	}
	for i := recDirZero; i < recNarrow; i++ {
		var rec Record
		rec[i] = 1
		if rec.ZeroInDir() {
			t.Errorf("byte %d is free", i)
		}
	}
}

func TestSegmentRow(t *testing.T) {
	b := bytes.Repeat([]byte{0xff}, SegmentRowSize)
	row := AsSegmentRow(b)
	if row.ReservedZero() {
		t.Error("reserved bytes are free")
	}
	row.Set(1<<32-1, 31, 1<<63+5)
	if row.Ordinal() != 1<<32-1 || row.Shift() != 31 || row.Index() != 1<<63+5 || !row.ReservedZero() {
		t.Errorf("% x", b)
	}
	// 8 bytes for K, then 3 rows of 16 bytes, then 10 ends of 8 bytes.
	if at, ends, n := SegmentRowAt(2), SegmentEndsAt(3), SegmentsLen(3, 10); at != 8+2*16 ||
		ends != 8+3*16 || n != 8+3*16+10*8 {
		t.Errorf("row at %d, ends at %d, %d bytes", at, ends, n)
	}
}

func TestReadFull(t *testing.T) {
	broken := errors.New("connection lost")
	b := make([]byte, 4)
	for _, c := range []struct {
		r   io.ReaderAt
		off int64
		err error
	}{
		{bytes.NewReader(make([]byte, 10)), 6, nil},
		{bytes.NewReader(make([]byte, 10)), 7, ErrCorrupt},
		{bytes.NewReader(make([]byte, 10)), 70, ErrCorrupt},
		{readerAt{iotest.ErrReader(broken)}, 0, broken},
	} {
		if err := ReadFull(c.r, b, c.off); !errors.Is(err, c.err) {
			t.Errorf("at %d: %v, want %v", c.off, err, c.err)
		}
	}
}

// readerAt reads from a stream for any offset.
type readerAt struct{ io.Reader }

func (r readerAt) ReadAt(p []byte, _ int64) (int, error) { return r.Read(p) }
