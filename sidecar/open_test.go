package sidecar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// reseal makes the hashes of a sidecar that was changed right again: those of the sections, as far as they lie in it, and the
// digest.
func reseal(b []byte) {
	le := binary.LittleEndian
	for i := range layout.NumSections {
		s := b[atSections+sectionEntry*i:]
		off, n := le.Uint64(s), le.Uint64(s[8:])
		if off <= uint64(len(b)) && n <= uint64(len(b))-off {
			le.PutUint64(s[16:], xxhash.Sum64(b[off:off+n]))
		}
	}
	le.PutUint64(b[atDigest:], xxhash.Sum64(b[:atDigest]))
}

// example is a small sidecar with entries of all kinds, and how it was made.
func example(t testing.TB) ([]byte, *model) {
	t.Helper()
	m := &model{}
	for _, it := range []Item{
		dir("d"),
		file("d/file"),
		edited(file("d/text"), func(it *Item) { it.Size, it.PadLen, it.ContentLen = 700, 23, 300 }),
		edited(file("empty"), func(it *Item) {
			it.Size, it.ContentLen, it.Coding, it.Hash, it.Sniff = 0, 0, coding.None, layout.EmptyHash, 0
		}),
		edited(file("stored"), func(it *Item) { it.Coding, it.ContentLen = coding.Stored, 512+18+5 }),
		segmentedFile(func(*Item) {}),
		dir("d/e"),
		soft("d/link", "file"),
		soft("link", "d/e"),
		hard("hard", "d/text"),
		edited(hard("same", "d/file"), func(it *Item) { it.Duplicate = true }),
		{Path: "tty", Entry: Entry{Type: TypeChar, HeaderLen: 100, DevMajor: 5, DevMinor: 1}},
		{Path: "pipe", Entry: Entry{Type: TypeFIFO, HeaderLen: 100}},
	} {
		it.Mode, it.ModTime = 0o755, 1_000_000_000
		m.add(it)
	}
	for _, name := range []string{"long-1", "long-2", "d/e/" + strings.Repeat("z", 254), "d/e/" + strings.Repeat("z", 255)} {
		m.add(file(name))
	}
	m.finish()
	return mustBuild(t, m), m
}

func TestOpenExample(t *testing.T) {
	b, m := example(t)
	for _, o := range openers {
		x, err := o.open(t, b)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, x, m)
		if x.Size() != int64(len(b)) || x.Digest() != binary.LittleEndian.Uint64(b[atDigest:]) {
			t.Errorf("%s: size %d, digest %016x", o.name, x.Size(), x.Digest())
		}
	}
}

func TestOpenErrors(t *testing.T) {
	le := binary.LittleEndian
	good, _ := example(t)
	section := func(b []byte, i int) []byte { return b[atSections+sectionEntry*i:] }
	for _, c := range []struct {
		what string
		edit func(b []byte) []byte
		err  error
	}{
		{"nothing", func(b []byte) []byte { return b }, nil},
		{"an empty file", func(b []byte) []byte { return nil }, ErrCorrupt},
		{"half a header", func(b []byte) []byte { return b[:200] }, ErrCorrupt},
		{"only a header", func(b []byte) []byte { return b[:layout.HeaderSize] }, ErrCorrupt},
		{"the last byte missing", func(b []byte) []byte { return b[:len(b)-1] }, ErrCorrupt},
		{"a byte too many", func(b []byte) []byte { return append(b, 0) }, ErrCorrupt},
		{"another file", func(b []byte) []byte { return bytes.Repeat([]byte("text"), 1000) }, ErrCorrupt},
		{"a newer version", func(b []byte) []byte { le.PutUint32(b[atVersion:], 2); return b }, ErrVersion},
		{"version 0", func(b []byte) []byte { b[atVersion] = 0; return b }, ErrVersion},
		{"5 sections", func(b []byte) []byte { b[atNumSections] = 5; return b }, ErrCorrupt},
		{"an archive of 63 bytes", func(b []byte) []byte { le.PutUint64(b[atArchiveSize:], 63); return b }, ErrCorrupt},
		{"an archive of 2^48 bytes", func(b []byte) []byte { le.PutUint64(b[atArchiveSize:], 1<<48); return b }, ErrCorrupt},
		{"an archive of 2^64 bytes", func(b []byte) []byte { le.PutUint64(b[atArchiveSize:], 1<<64-1); return b }, ErrCorrupt},
		{"one entry more", func(b []byte) []byte { b[atEntries]++; return b }, ErrCorrupt},
		{"2^32 entries", func(b []byte) []byte { le.PutUint64(b[atEntries:], 1<<32); return b }, ErrCorrupt},
		{"2^63 entries", func(b []byte) []byte { le.PutUint64(b[atEntries:], 1<<63); return b }, ErrCorrupt},
		{"one file more", func(b []byte) []byte { b[atCounts]++; return b }, ErrCorrupt},
		{"counts that overflow", func(b []byte) []byte { b[atCounts+7], b[atCounts+15] = 0x80, 0x80; return b }, ErrCorrupt},
		{"too many duplicates", func(b []byte) []byte { b[atCounts+40] = 3; return b }, ErrCorrupt},
		{"a reserved byte", func(b []byte) []byte { b[atReserved] = 1; return b }, ErrCorrupt},
		{"a byte of the tail", func(b []byte) []byte { b[atTail] = 1; return b }, ErrCorrupt},
		{"records elsewhere", func(b []byte) []byte { section(b, layout.Records)[0]++; return b }, ErrCorrupt},
		{"records at 2^63", func(b []byte) []byte { section(b, layout.Records)[7] = 0x80; return b }, ErrCorrupt},
		{"records of 2^63 bytes", func(b []byte) []byte { section(b, layout.Records)[15] = 0x80; return b }, ErrCorrupt},
		{"records of 2^64 − 1 bytes", func(b []byte) []byte { le.PutUint64(section(b, layout.Records)[8:], 1<<64-1); return b }, ErrCorrupt},
		{"a record less", func(b []byte) []byte { section(b, layout.Records)[8] -= layout.RecordSize; return b }, ErrCorrupt},
		{"path blocks longer", func(b []byte) []byte { section(b, layout.PathBlocks)[8] += 8; return b }, ErrCorrupt},
		{"no link targets", func(b []byte) []byte { section(b, layout.Links)[8] = 1; return b }, ErrCorrupt},
		{"no segments", func(b []byte) []byte { section(b, layout.Segments)[8] = 7; return b }, ErrCorrupt},
		{"no paths", func(b []byte) []byte { section(b, layout.Paths)[8] = 3; return b }, ErrCorrupt},
		{"a table of 65 bytes", func(b []byte) []byte { section(b, layout.Table)[8]++; return append(b, 0) }, ErrCorrupt},
		{"a table that is too large", func(b []byte) []byte {
			n := (layout.MaxReach + 1) * layout.BucketSize
			le.PutUint64(section(b, layout.Table)[8:], le.Uint64(section(b, layout.Table)[8:])+uint64(n))
			return append(b, make([]byte, n)...)
		}, ErrCorrupt},
	} {
		b := c.edit(bytes.Clone(good))
		if len(b) >= layout.HeaderSize {
			reseal(b)
		}
		for _, o := range openers {
			x, err := o.open(t, b)
			if !errors.Is(err, c.err) {
				t.Errorf("%s, %s: %v, want %v", c.what, o.name, err, c.err)
			}
			if err == nil {
				x.Close()
			}
		}
	}
}

// TestOpenDigest flips each bit of the header.
func TestOpenDigest(t *testing.T) {
	good, _ := example(t)
	for i := range layout.HeaderSize * 8 {
		b := bytes.Clone(good)
		b[i/8] ^= 1 << (i % 8)
		if _, err := OpenBytes(b); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
			t.Errorf("bit %d of byte %d: %v", i%8, i/8, err)
		}
	}
}

// TestVerifyBits flips each bit of the rest: the hashes tell.
func TestVerifyBits(t *testing.T) {
	b, _ := example(t)
	x, err := OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	for i := layout.HeaderSize * 8; i < len(b)*8; i++ {
		b[i/8] ^= 1 << (i % 8)
		if err := x.Verify(); !errors.Is(err, ErrCorrupt) {
			t.Errorf("bit %d of byte %d: %v", i%8, i/8, err)
		}
		b[i/8] ^= 1 << (i % 8)
	}
	if err := x.Verify(); err != nil {
		t.Error(err)
	}
}

// TestVerifyResealed flips each bit of the rest and makes the hashes right: there is no second way to write the same.
// It may still be another sidecar that is right: only what the sidecar cannot know of the archive may change so.
func TestVerifyResealed(t *testing.T) {
	good, m := example(t)
	free := map[int]bool{} // bytes of a record with values that depend on nothing else
	for i := recTime; i < recType; i++ {
		free[i] = true
	}
	rec := int(binary.LittleEndian.Uint64(good[atSections:]))
	for i := layout.HeaderSize * 8; i < len(good)*8; i++ {
		b := bytes.Clone(good)
		b[i/8] ^= 1 << (i % 8)
		reseal(b)
		x, err := OpenBytes(b)
		if err == nil {
			err = x.Verify()
		}
		at := i/8 - rec
		switch {
		case errors.Is(err, ErrCorrupt):
		case err != nil:
			t.Errorf("bit %d of byte %d: %v", i%8, i/8, err)
		case at < len(m.sorted)*layout.RecordSize && free[at%layout.RecordSize]: // time and mode
		case at < len(m.sorted)*layout.RecordSize && recordMayDiffer(m, at):
		case at >= len(m.sorted)*layout.RecordSize && textMayDiffer(x, m):
		default:
			t.Errorf("bit %d of byte %d: Verify finds nothing", i%8, i/8)
		}
	}
}

// recordMayDiffer is true for a byte of the records that only the archive can contradict.
func recordMayDiffer(m *model, at int) bool {
	e, i := &m.sorted[at/layout.RecordSize].Entry, at%layout.RecordSize
	switch {
	case i < recSize: // where the header is
		return true
	case i == recType: // one kind of special file or the other
		return e.Type == TypeChar || e.Type == TypeFIFO
	case e.Type == TypeFile: // sizes, within limits, hash, CRC; the links to it have it too
		return true
	case e.Type == TypeChar:
		return i >= recContent
	}
	return false
}

// textMayDiffer is true if only the text of a symbolic link or a path changed, or where a segment ends.
func textMayDiffer(x *Index, m *model) bool {
	changed := 0
	for i, want := range m.sorted {
		p, _ := x.Path(i)
		l, _ := x.Link(i)
		if p != want.Path || want.Type == TypeSymlink && l != want.Link {
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
	b, m := example(t)
	x, err := OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{math.MinInt, -2, -1, x.Len(), math.MaxInt} {
		_, e1 := x.Entry(i)
		_, e2 := x.Path(i)
		_, e3 := x.Link(i)
		_, e4 := x.Segments(i)
		var e5 error
		if i != Root {
			for _, e5 = range x.Children(i) {
			}
		} else {
			e5 = ErrRange
		}
		for k, err := range []error{e1, e2, e3, e4, e5} {
			if !errors.Is(err, ErrRange) {
				t.Errorf("%d: %d: %v", i, k, err)
			}
		}
	}
	for _, c := range [][2]int{{-1, 2}, {2, 1}, {0, x.Len() + 1}, {x.Len() + 1, x.Len() + 1}} {
		for row, err := range x.All(c[0], c[1]) {
			if !errors.Is(err, ErrRange) {
				t.Errorf("All(%v): %+v, %v", c, row, err)
			}
		}
	}
	i := m.at["big"]
	for _, err := range x.Children(i) {
		if !errors.Is(err, ErrRange) {
			t.Errorf("children of a file: %v", err)
		}
	}
	for _, dir := range []int{i, -2, x.Len()} {
		n := 0
		for row, err := range x.In(dir) {
			if n++; n > 1 || !errors.Is(err, ErrRange) {
				t.Errorf("In(%d): %+v, %v", dir, row, err)
			}
		}
		if n == 0 {
			t.Errorf("In(%d) gave no error", dir)
		}
	}
	if _, err := x.Link(i); !errors.Is(err, ErrRange) {
		t.Errorf("link of a file: %v", err)
	}
	if _, err := x.Segments(m.at["d"]); !errors.Is(err, ErrRange) {
		t.Errorf("segments of a directory: %v", err)
	}
	s, err := x.Segments(i)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []int{-1, 2, math.MaxInt} {
		if _, err := s.End(k); !errors.Is(err, ErrRange) {
			t.Errorf("end of segment %d: %v", k, err)
		}
	}
	if _, ok, err := x.Lookup(""); ok || err != nil {
		t.Errorf("the root: %v, %v", ok, err)
	}
}

// TestAppend: what is there already stays, whatever the outcome.
func TestAppend(t *testing.T) {
	b, m := example(t)
	x, err := OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	i := m.at["link"]
	if p, err := x.AppendPath([]byte("> "), i); string(p) != "> link" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	if p, err := x.AppendLink([]byte("> "), i); string(p) != "> d/e" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	if p, err := x.AppendPath([]byte("> "), -1); string(p) != "> " || err == nil {
		t.Errorf("%q, %v", p, err)
	}
	if p, err := x.AppendLink([]byte("> "), m.at["d"]); string(p) != "> " || err == nil {
		t.Errorf("%q, %v", p, err)
	}
}

// TestIterateStop: an iteration may be left.
func TestIterateStop(t *testing.T) {
	b, _ := example(t)
	x, err := OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	for range x.Children(Root) {
		break
	}
	n := 0
	for row := range x.All(3, 9) {
		if n++; row.I == 5 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d rows", n)
	}
}

func TestClose(t *testing.T) {
	b, _ := example(t)
	for _, o := range openers {
		x, err := o.open(t, b)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
		if err := x.Close(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: closed twice: %v", o.name, err)
		}
		if _, _, err := x.Lookup("d"); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: Lookup: %v", o.name, err)
		}
		if _, err := x.Entry(0); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: Entry: %v", o.name, err)
		}
		if err := x.Verify(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: Verify: %v", o.name, err)
		}
	}
}

func TestOpenMissing(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Open(dir); err == nil {
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

// TestReadErrors: an error of reading is told as it is.
func TestReadErrors(t *testing.T) {
	b, m := example(t)
	calls := map[string]func(x *Index) error{
		"Lookup":   func(x *Index) error { _, _, err := x.Lookup("d/text"); return err },
		"Entry":    func(x *Index) error { _, err := x.Entry(m.at["hard"]); return err },
		"Path":     func(x *Index) error { _, err := x.Path(3); return err },
		"Link":     func(x *Index) error { _, err := x.Link(m.at["link"]); return err },
		"Segments": func(x *Index) error { _, err := x.Segments(m.at["big"]); return err },
		"End": func(x *Index) error {
			s, err := x.Segments(m.at["big"])
			if err == nil {
				_, err = s.End(1)
			}
			return err
		},
		"Verify": (*Index).Verify,
		"All": func(x *Index) (err error) {
			for _, err = range x.All(0, x.Len()) {
			}
			return err
		},
		"Children": func(x *Index) (err error) {
			for _, err = range x.Children(m.at["d"]) {
			}
			return err
		},
	}
	for name, call := range calls {
		for n := 0; ; n++ {
			r := &brokenReader{bytes.NewReader(b), n + 1}
			x, err := OpenReaderAt(r, int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			if err = call(x); err == nil {
				break
			}
			if !errors.Is(err, errBroken) || errors.Is(err, ErrCorrupt) {
				t.Errorf("%s, after %d reads: %v", name, n, err)
			}
		}
	}
	if _, err := OpenReaderAt(&brokenReader{}, 1000); !errors.Is(err, errBroken) {
		t.Error(err)
	}
}
