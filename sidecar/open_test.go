package sidecar_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

func TestOpenExample(t *testing.T) {
	b, m := sidecartest.Example(t)
	for _, o := range sidecartest.Openers {
		x, err := o.Open(t, b)
		if err != nil {
			t.Fatal(err)
		}
		sidecartest.Compare(t, x, m)
		if x.Size() != int64(len(b)) || x.Digest() != binary.LittleEndian.Uint64(b[atDigest:]) {
			t.Errorf("%s: size %d, digest %016x", o.Name, x.Size(), x.Digest())
		}
		if err := iotest.TestReader(io.NewSectionReader(x, 0, x.Size()), b); err != nil {
			t.Errorf("%s: %v", o.Name, err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	le := binary.LittleEndian
	good, _ := sidecartest.Example(t)
	section := func(b []byte, i int) []byte { return b[atSections+sectionEntry*i:] }
	for _, c := range []struct {
		what string
		edit func(b []byte) []byte
		err  error
	}{
		{"nothing", func(b []byte) []byte { return b }, nil},
		{"an empty file", func(b []byte) []byte { return nil }, sidecar.ErrCorrupt},
		{"half a header", func(b []byte) []byte { return b[:200] }, sidecar.ErrCorrupt},
		{"only a header", func(b []byte) []byte { return b[:layout.HeaderSize] }, sidecar.ErrCorrupt},
		{"the last byte missing", func(b []byte) []byte { return b[:len(b)-1] }, sidecar.ErrCorrupt},
		{"a byte too many", func(b []byte) []byte { return append(b, 0) }, sidecar.ErrCorrupt},
		{"another file", func(b []byte) []byte { return bytes.Repeat([]byte("text"), 1000) },
			sidecar.ErrCorrupt},
		{"a newer version", func(b []byte) []byte { le.PutUint32(b[atVersion:], 2); return b },
			sidecar.ErrVersion},
		{"version 0", func(b []byte) []byte { b[atVersion] = 0; return b }, sidecar.ErrVersion},
		{"5 sections", func(b []byte) []byte { b[atNumSections] = 5; return b }, sidecar.ErrCorrupt},
		{"7 sections", func(b []byte) []byte { b[atNumSections] = 7; return b }, sidecar.ErrCorrupt},
		{"17 sections", func(b []byte) []byte { b[atNumSections] = 17; return b }, sidecar.ErrCorrupt},
		{"without the bit of the final format", func(b []byte) []byte { b[atRequired] = 0; return b },
			sidecar.ErrDraft},
		{"an unknown required feature", func(b []byte) []byte { b[atRequired+1] = 0x80; return b },
			sidecar.ErrVersion},
		{"an unknown optional feature", func(b []byte) []byte { b[atOptional+1] = 0x80; return b }, nil},
		{"2^63 bytes of files", func(b []byte) []byte { b[atCounts+6*8+7] = 0x80; return b },
			sidecar.ErrCorrupt},
		{"an archive of 63 bytes", func(b []byte) []byte {
			le.PutUint64(b[atArchiveSize:],
				63)
			return b
		}, sidecar.ErrCorrupt},
		{"an archive of 2^48 bytes", func(b []byte) []byte {
			le.PutUint64(b[atArchiveSize:],
				1<<48)
			return b
		}, sidecar.ErrCorrupt},
		{"an archive of 2^64 bytes", func(b []byte) []byte {
			le.PutUint64(b[atArchiveSize:],
				1<<64-1)
			return b
		}, sidecar.ErrCorrupt},
		{"one entry more", func(b []byte) []byte { b[atEntries]++; return b }, sidecar.ErrCorrupt},
		{"2^32 entries", func(b []byte) []byte { le.PutUint64(b[atEntries:], 1<<32); return b },
			sidecar.ErrCorrupt},
		{"2^63 entries", func(b []byte) []byte { le.PutUint64(b[atEntries:], 1<<63); return b },
			sidecar.ErrCorrupt},
		{"one file more", func(b []byte) []byte { b[atCounts]++; return b }, sidecar.ErrCorrupt},
		{"counts that overflow", func(b []byte) []byte {
			b[atCounts+7], b[atCounts+15] = 0x80,
				0x80
			return b
		}, sidecar.ErrCorrupt},
		{"too many duplicates", func(b []byte) []byte { b[atCounts+40] = 3; return b },
			sidecar.ErrCorrupt},
		{"a reserved byte", func(b []byte) []byte { b[atReserved] = 1; return b }, sidecar.ErrCorrupt},
		{"a section more, not counted", func(b []byte) []byte { b[atUnused+7] = 7; return b },
			sidecar.ErrCorrupt},
		{"the last byte before the digest", func(b []byte) []byte { b[atDigest-1] = 1; return b },
			sidecar.ErrCorrupt},
		{"records under another number", func(b []byte) []byte {
			section(b, layout.Records)[7] = 2
			return b
		}, sidecar.ErrCorrupt},
		{"records elsewhere", func(b []byte) []byte { section(b, layout.Records)[0]++; return b },
			sidecar.ErrCorrupt},
		{"records at 2^55", func(b []byte) []byte { section(b, layout.Records)[6] = 0x80; return b },
			sidecar.ErrCorrupt},
		{"records of 2^63 bytes", func(b []byte) []byte {
			section(b,
				layout.Records)[15] = 0x80
			return b
		}, sidecar.ErrCorrupt},
		{"records of 2^64 − 1 bytes", func(b []byte) []byte {
			le.PutUint64(section(b,
				layout.Records)[8:], 1<<64-1)
			return b
		}, sidecar.ErrCorrupt},
		{"a record less", func(b []byte) []byte {
			section(b,
				layout.Records)[8] -= layout.RecordSize
			return b
		}, sidecar.ErrCorrupt},
		{"path blocks longer", func(b []byte) []byte {
			section(b,
				layout.PathBlocks)[8] += 8
			return b
		}, sidecar.ErrCorrupt},
		{"no link targets", func(b []byte) []byte { section(b, layout.Links)[8] = 1; return b },
			sidecar.ErrCorrupt},
		{"no segments", func(b []byte) []byte { section(b, layout.Segments)[8] = 7; return b },
			sidecar.ErrCorrupt},
		{"no paths", func(b []byte) []byte { section(b, layout.Paths)[8] = 3; return b },
			sidecar.ErrCorrupt},
		{"a table of 65 bytes", func(b []byte) []byte {
			section(b,
				layout.Table)[8]++
			return append(b, 0)
		}, sidecar.ErrCorrupt},
		{"a table that is too large", func(b []byte) []byte {
			n := (layout.MaxReach + 1) * layout.BucketSize
			le.PutUint64(section(b, layout.Table)[8:], le.Uint64(section(b, layout.Table)[8:])+uint64(n))
			return append(b, make([]byte, n)...)
		}, sidecar.ErrCorrupt},
	} {
		b := c.edit(bytes.Clone(good))
		if len(b) >= layout.HeaderSize {
			sidecartest.Reseal(b)
		}
		for _, o := range sidecartest.Openers {
			x, err := o.Open(t, b)
			if !errors.Is(err, c.err) {
				t.Errorf("%s, %s: %v, want %v", c.what, o.Name, err, c.err)
			}
			if err == nil {
				x.Close()
			}
		}
	}
}

// TestOpenDigest flips each bit of the header.
func TestOpenDigest(t *testing.T) {
	good, _ := sidecartest.Example(t)
	for i := range layout.HeaderSize * 8 {
		b := bytes.Clone(good)
		b[i/8] ^= 1 << (i % 8)
		if _, err := sidecar.OpenBytes(b); !errors.Is(err, sidecar.ErrCorrupt) &&
			!errors.Is(err, sidecar.ErrVersion) {
			t.Errorf("bit %d of byte %d: %v", i%8, i/8, err)
		}
	}
}

// TestVerifyBits flips each bit after the header: the hashes find it.
func TestVerifyBits(t *testing.T) {
	b, _ := sidecartest.Example(t)
	x, err := sidecar.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	for i := layout.HeaderSize * 8; i < len(b)*8; i++ {
		b[i/8] ^= 1 << (i % 8)
		if err := x.Verify(); !errors.Is(err, sidecar.ErrCorrupt) {
			t.Errorf("bit %d of byte %d: %v", i%8, i/8, err)
		}
		b[i/8] ^= 1 << (i % 8)
	}
	if err := x.Verify(); err != nil {
		t.Error(err)
	}
}

// TestVerifyResealed flips each bit after the header and corrects the hashes. Verify must find the
// change, as there is no second way to write the same index. Only a change that makes the index of
// another possible archive may pass.
func TestVerifyResealed(t *testing.T) {
	good, m := sidecartest.Example(t)
	free := map[int]bool{} // bytes of a record with values that depend on nothing else
	for i := recTime; i < recType; i++ {
		free[i] = true
	}
	rec := int(binary.LittleEndian.Uint32(good[atSections:]))
	for i := layout.HeaderSize * 8; i < len(good)*8; i++ {
		b := bytes.Clone(good)
		b[i/8] ^= 1 << (i % 8)
		sidecartest.Reseal(b)
		x, err := sidecar.OpenBytes(b)
		if err == nil {
			err = x.Verify()
		}
		at := i/8 - rec
		switch {
		case errors.Is(err, sidecar.ErrCorrupt):
		case err != nil:
			t.Errorf("bit %d of byte %d: %v", i%8, i/8, err)
		case at < len(m.Sorted)*layout.RecordSize && free[at%layout.RecordSize]: // time and mode
		case at < len(m.Sorted)*layout.RecordSize && recordMayDiffer(m, at):
		case at >= len(m.Sorted)*layout.RecordSize && textMayDiffer(x, m):
		default:
			t.Errorf("bit %d of byte %d: Verify finds nothing", i%8, i/8)
		}
	}
}

// recordMayDiffer reports whether only the archive can contradict a byte of the records.
func recordMayDiffer(m *sidecartest.Model, at int) bool {
	e, i := &m.Sorted[at/layout.RecordSize].Entry, at%layout.RecordSize
	switch {
	case i < recSize: // where the header is
		return true
	case i == recType: // one kind of special file or the other
		return e.Type == sidecar.TypeChar || e.Type == sidecar.TypeFIFO
	case e.Type == sidecar.TypeFile: // sizes, within limits, hash, CRC; the links to it have it too
		return true
	case e.Type == sidecar.TypeChar:
		return i >= recContent
	}
	return false
}

// textMayDiffer reports whether only the text of a symbolic link, a path or the end of a segment
// changed.
func textMayDiffer(x *sidecar.Index, m *sidecartest.Model) bool {
	changed := 0
	for i, want := range m.Sorted {
		p, _ := x.Path(i)
		l, _ := x.Link(i)
		if p != want.Path || want.Type == sidecar.TypeSymlink && l != want.Link {
			changed++
		}
		if want.Coding == coding.Segmented {
			s, _ := x.Segments(i)
			if end, _ := s.End(0); end != int64(want.Segments[0]) {
				changed++
			}
		}
	}
	return changed > 0
}

func TestRange(t *testing.T) {
	b, m := sidecartest.Example(t)
	x, err := sidecar.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{math.MinInt, -2, -1, x.Len(), math.MaxInt} {
		_, e1 := x.Entry(i)
		_, e2 := x.Path(i)
		_, e3 := x.Link(i)
		_, e4 := x.Segments(i)
		var e5 error
		if i != sidecar.Root {
			for _, e5 = range x.Children(i) {
			}
		} else {
			e5 = sidecar.ErrRange
		}
		for k, err := range []error{e1, e2, e3, e4, e5} {
			if !errors.Is(err, sidecar.ErrRange) {
				t.Errorf("%d: %d: %v", i, k, err)
			}
		}
	}
	for _, c := range [][2]int{{-1, 2}, {2, 1}, {0, x.Len() + 1}, {x.Len() + 1, x.Len() + 1}} {
		for row, err := range x.All(c[0], c[1]) {
			if !errors.Is(err, sidecar.ErrRange) {
				t.Errorf("All(%v): %+v, %v", c, row, err)
			}
		}
	}
	i := m.At["big"]
	for _, err := range x.Children(i) {
		if !errors.Is(err, sidecar.ErrRange) {
			t.Errorf("children of a file: %v", err)
		}
	}
	for _, dir := range []int{i, -2, x.Len()} {
		n := 0
		for row, err := range x.Dir(dir) {
			if n++; n > 1 || !errors.Is(err, sidecar.ErrRange) {
				t.Errorf("Dir(%d): %+v, %v", dir, row, err)
			}
		}
		if n == 0 {
			t.Errorf("Dir(%d) gave no error", dir)
		}
	}
	if _, err := x.Link(i); !errors.Is(err, sidecar.ErrRange) {
		t.Errorf("link of a file: %v", err)
	}
	if _, err := x.Segments(m.At["d"]); !errors.Is(err, sidecar.ErrRange) {
		t.Errorf("segments of a directory: %v", err)
	}
	s, err := x.Segments(i)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []int{-1, 2, math.MaxInt} {
		if _, err := s.End(k); !errors.Is(err, sidecar.ErrRange) {
			t.Errorf("end of segment %d: %v", k, err)
		}
	}
	if _, ok, err := x.Lookup(""); ok || err != nil {
		t.Errorf("the root: %v, %v", ok, err)
	}
}

// TestAppend: the bytes before stay, with and without an error.
func TestAppend(t *testing.T) {
	b, m := sidecartest.Example(t)
	x, err := sidecar.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	i := m.At["link"]
	if p, err := x.AppendPath([]byte("> "), i); string(p) != "> link" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	if p, err := x.AppendLink([]byte("> "), i); string(p) != "> d/e" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	if p, err := x.AppendPath([]byte("> "), -1); string(p) != "> " || err == nil {
		t.Errorf("%q, %v", p, err)
	}
	if p, err := x.AppendLink([]byte("> "), m.At["d"]); string(p) != "> " || err == nil {
		t.Errorf("%q, %v", p, err)
	}
}

// TestIterateStop: an iteration may be left.
func TestIterateStop(t *testing.T) {
	b, _ := sidecartest.Example(t)
	x, err := sidecar.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	for range x.Children(sidecar.Root) {
		break
	}
	n := 0
	for row := range x.All(3, 9) {
		if n++; row.Ordinal == 5 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d rows", n)
	}
}

func TestClose(t *testing.T) {
	b, _ := sidecartest.Example(t)
	for _, o := range sidecartest.Openers {
		x, err := o.Open(t, b)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
		if err := x.Close(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: closed twice: %v", o.Name, err)
		}
		if _, _, err := x.Lookup("d"); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: Lookup: %v", o.Name, err)
		}
		if _, err := x.Entry(0); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: Entry: %v", o.Name, err)
		}
		if err := x.Verify(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: Verify: %v", o.Name, err)
		}
	}
}

func TestOpenMissing(t *testing.T) {
	dir := t.TempDir()
	if _, err := sidecar.Open(filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := sidecar.Open(dir); err == nil {
		t.Error("a directory is opened")
	}
}

// brokenReader fails after some reads, as a remote file does.
type brokenReader struct {
	io.ReaderAt
	left int
}

var errBroken = errors.New("connection lost")

func (r *brokenReader) ReadAt(b []byte, off int64) (int, error) {
	if r.left--; r.left < 0 {
		return 0, errBroken
	}
	return r.ReaderAt.ReadAt(b, off)
}

// TestReadErrors: an error of reading is returned unchanged.
func TestReadErrors(t *testing.T) {
	b, m := sidecartest.Example(t)
	calls := map[string]func(x *sidecar.Index) error{
		"Lookup":   func(x *sidecar.Index) error { _, _, err := x.Lookup("d/text"); return err },
		"Entry":    func(x *sidecar.Index) error { _, err := x.Entry(m.At["hard"]); return err },
		"Path":     func(x *sidecar.Index) error { _, err := x.Path(3); return err },
		"Link":     func(x *sidecar.Index) error { _, err := x.Link(m.At["link"]); return err },
		"Segments": func(x *sidecar.Index) error { _, err := x.Segments(m.At["big"]); return err },
		"End": func(x *sidecar.Index) error {
			s, err := x.Segments(m.At["big"])
			if err == nil {
				_, err = s.End(1)
			}
			return err
		},
		"Verify": (*sidecar.Index).Verify,
		"All": func(x *sidecar.Index) (err error) {
			for _, err = range x.All(0, x.Len()) {
			}
			return err
		},
		"Children": func(x *sidecar.Index) (err error) {
			for _, err = range x.Children(m.At["d"]) {
			}
			return err
		},
	}
	for name, call := range calls {
		for n := 0; ; n++ {
			r := &brokenReader{bytes.NewReader(b), n + 1}
			x, err := sidecar.OpenReaderAt(r, int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			if err = call(x); err == nil {
				break
			}
			if !errors.Is(err, errBroken) || errors.Is(err, sidecar.ErrCorrupt) {
				t.Errorf("%s, after %d reads: %v", name, n, err)
			}
		}
	}
	if _, err := sidecar.OpenReaderAt(&brokenReader{}, 1000); !errors.Is(err, errBroken) {
		t.Error(err)
	}
}
