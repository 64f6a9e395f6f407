package gzmember

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tarpack/tpk/gzmember/coding"
)

// sequence is a sequence of members, with the result that the scanner should have for each.
type sequence struct {
	b       []byte
	members []scanned
}

type scanned struct {
	offset, length int64
	extra          string
	content        []byte
	stored         bool
}

func (s *sequence) add(member, content []byte, extra string, stored bool) {
	s.members = append(s.members, scanned{int64(len(s.b)), int64(len(member)), extra, content, stored})
	s.b = append(s.b, member...)
}

func newSequence(t testing.TB, most int) *sequence {
	e := newEncoder(t, 6)
	s := new(sequence)
	for _, tt := range contents {
		if len(tt.b) > most {
			continue
		}
		s.add(AppendTarHeader(nil, tt.b), tt.b, "", false)
		s.add(AppendStored(nil, tt.b), tt.b, "", true)
		s.add(AppendZeros(nil, 100, []byte("Sx")), make([]byte, 100), "Sx", false)
		s.add(e.AppendMember(nil, tt.b, []byte("G"+tt.name)), tt.b, "G"+tt.name, false)
		s.add(AppendZeros(nil, 0, nil), nil, "", false)
	}
	long := "S" + strings.Repeat("x", MaxExtra-1)
	s.add(AppendZeros(nil, 511, []byte(long)), make([]byte, 511), long, false)
	s.add(AppendZeros(nil, 1024, make([]byte, 30)[:0]), make([]byte, 1024), "", false)
	// Blocks of the stored layout, and then others that reach back to them.
	first := noise(coding.StoredBlock)
	z := appendStoredHead(AppendMemberHeader(nil, nil), coding.StoredBlock, false)
	z = e.AppendSegment(append(z, first...), text(1000), true)
	both := append(bytes.Clone(first), text(1000)...)
	s.add(AppendMemberTrailer(z, crc32.ChecksumIEEE(both), int64(len(both))), both, "", false)
	return s
}

// readers are ways to pass input to the scanner.
var readers = map[string]func(b []byte) io.Reader{
	"whole":          func(b []byte) io.Reader { return bytes.NewReader(b) },
	"byte by byte":   func(b []byte) io.Reader { return iotest.OneByteReader(bytes.NewReader(b)) },
	"data with EOF":  func(b []byte) io.Reader { return iotest.DataErrReader(bytes.NewReader(b)) },
	"half the bytes": func(b []byte) io.Reader { return iotest.HalfReader(bytes.NewReader(b)) },
}

func TestScanner(t *testing.T) {
	seq := newSequence(t, 1<<20)
	for name, reader := range readers {
		s := NewScanner(reader(seq.b))
		for i, want := range seq.members {
			h, err := s.Next()
			if err != nil {
				t.Fatalf("%s, member %d: %v", name, i, err)
			}
			if string(h.Extra) != want.extra || s.Offset() != want.offset || s.Length() != 0 || s.Stored() {
				t.Fatalf("%s, member %d: extra %q at offset %d", name, i, h.Extra, s.Offset())
			}
			switch i % 4 {
			case 0: // over it
				continue
			case 1: // a part
				got := make([]byte, min(10, len(want.content)))
				if _, err := io.ReadFull(s, got); err != nil || !bytes.HasPrefix(want.content, got) {
					t.Fatalf("%s, member %d: %v", name, i, err)
				}
				continue
			case 2:
				var got bytes.Buffer
				n, err := s.WriteTo(&got)
				if err != nil || !bytes.Equal(got.Bytes(), want.content) || n != int64(got.Len()) {
					t.Fatalf("%s, member %d: %d bytes, %v", name, i, n, err)
				}
			case 3:
				got, err := io.ReadAll(iotest.OneByteReader(s))
				if err != nil || !bytes.Equal(got, want.content) {
					t.Fatalf("%s, member %d: %d bytes, %v", name, i, len(got), err)
				}
			}
			if s.Length() != want.length || s.size != int64(len(want.content)) ||
				s.CRC() != crc32.ChecksumIEEE(want.content) || s.Stored() != want.stored {
				t.Fatalf("%s, member %d: length %d, size %d, CRC %08x, stored %v", name, i,
					s.Length(), s.size, s.CRC(), s.Stored())
			}
			if n, err := s.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Fatalf("%s, member %d: after the end: %d, %v", name, i, n, err)
			}
		}
		for range 2 {
			if _, err := s.Next(); err != io.EOF || s.Offset() != int64(len(seq.b)) {
				t.Fatalf("%s: at the end: %v at offset %d", name, err, s.Offset())
			}
		}
	}
}

// scan returns the contents of all members, up to an error.
func scan(r io.Reader) (all []scanned, err error) { return scanAll(NewScanner(r)) }

func scanAll(s *Scanner) (all []scanned, err error) {
	for {
		h, err := s.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		extra := string(h.Extra)
		content, err := io.ReadAll(s)
		if err != nil {
			return all, err
		}
		all = append(all, scanned{s.Offset(), s.Length(), extra, content, s.Stored()})
	}
}

func TestScannerTruncated(t *testing.T) {
	e := newEncoder(t, 6)
	b := e.AppendMember(nil, text(500), []byte("Gx"))
	first := len(b)
	b = append(b, AppendStored(nil, text(300))...)
	for n := range b {
		all, err := scan(bytes.NewReader(b[:n]))
		if n == 0 || n == first {
			if err != nil {
				t.Errorf("%d bytes: %v", n, err)
			}
			continue
		}
		if !errors.Is(err, ErrTruncated) || errors.Is(err, ErrCorrupt) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		want := 0
		if n > first {
			want = 1
		}
		if len(all) != want || !strings.Contains(err.Error(), fmt.Sprintf("offset %d:", want*first)) {
			t.Fatalf("%d bytes: %d members, %v", n, len(all), err)
		}
	}
}

func TestScannerErrors(t *testing.T) {
	good := AppendStored(nil, text(300))
	for name, b := range map[string][]byte{
		"zeros after it": append(bytes.Clone(good), 0, 0, 0),
		"text after it":  append(bytes.Clone(good), "more"...),
		"foreign member": append(bytes.Clone(good), 0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3, 'a', 0, 3,
			0, 0, 0, 0, 0, 0, 0, 0, 0),
		"wrong CRC":     append(bytes.Clone(good), damaged(good, len(good)-8)...),
		"wrong size":    append(bytes.Clone(good), damaged(good, len(good)-4)...),
		"wrong content": append(bytes.Clone(good), damaged(good, 100)...),
		"wrong NLEN":    append(bytes.Clone(good), damaged(good, 13)...),
	} {
		s := NewScanner(bytes.NewReader(b))
		var err error
		for err == nil {
			_, err = s.Next()
		}
		if !errors.Is(err, ErrCorrupt) ||
			!strings.Contains(err.Error(), fmt.Sprintf("offset %d:", len(good))) {
			t.Errorf("%s: %v", name, err)
		}
		if _, again := s.Next(); !errors.Is(again, err) {
			t.Errorf("%s: then %v", name, again)
		}
		if _, again := s.Read(make([]byte, 1)); !errors.Is(again, err) {
			t.Errorf("%s: then %v", name, again)
		}
	}
	broken := errors.New("broken")
	for n := range good {
		_, err := scan(io.MultiReader(bytes.NewReader(good[:n]), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Fatalf("a reader that breaks after %d bytes: %v", n, err)
		}
	}
	if _, err := scan(stuck{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that never reads: %v", err)
	}
}

func TestScannerWriteTo(t *testing.T) {
	content := text(1000)
	b := AppendStored(nil, content)
	full := errors.New("full")
	for _, want := range []error{full, io.ErrShortWrite} {
		w := &limited{300, want}
		if errors.Is(want, io.ErrShortWrite) {
			w.err = nil
		}
		s := NewScanner(bytes.NewReader(b))
		s.Next()
		if n, err := s.WriteTo(w); n != 300 || !errors.Is(err, want) {
			t.Errorf("a writer that is full: %d bytes, %v", n, err)
		}
		if rest, err := io.ReadAll(s); err != nil || !bytes.Equal(rest, content[300:]) {
			t.Errorf("the rest: %d bytes, %v", len(rest), err)
		}
	}
	s := NewScanner(bytes.NewReader(damaged(b, 100)))
	s.Next()
	if n, err := s.WriteTo(io.Discard); n != 0 || !errors.Is(err, ErrCorrupt) {
		t.Errorf("a damaged member: %d bytes, %v", n, err)
	}
}

// stuck is a reader that returns neither bytes nor an error.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// damaged returns b with byte i changed.
func damaged(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 0x10
	return b
}

// TestScannerBomb: memory does not grow with the content of a member.
func TestScannerBomb(t *testing.T) {
	b := newEncoder(t, 9).AppendMember(nil, make([]byte, 4<<20), nil)
	src := bytes.NewReader(b)
	s := NewScanner(src)
	wantAllocs(t, 0, func() {
		src.Reset(b)
		s.stream.attach(src)
		s.err = nil
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Next(); err != io.EOF {
			t.Fatal(err)
		}
	})
}

// FuzzScanner compares with compress/gzip. If the scanner accepts a stream, so does gzip, member by
// member and with the same content. If it refuses a stream, that is wrong or has a header that
// FORMAT.md does not allow.
func FuzzScanner(f *testing.F) {
	e := newEncoder(f, 6)
	f.Add(AppendZeros(AppendTarHeader(nil, text(512)), 1024, []byte("T")), byte(3))
	f.Add(append(AppendStored(nil, text(10)), 0, 0), byte(1))
	f.Add(AppendZeros(AppendStored(e.AppendMember(nil, text(300), []byte("Gx")), noise(20)), 3,
		nil), byte(99))
	scanner := NewScanner(nil)
	f.Fuzz(func(t *testing.T, b []byte, piece byte) {
		scanner.stream.attach(&pieces{b, int(piece) + 1})
		scanner.open, scanner.err = false, nil
		all, err := scanAll(scanner)
		rest := b
		for i, m := range all {
			content, after, gzipErr := gunzipErr(rest)
			if gzipErr != nil || !bytes.Equal(content, m.content) ||
				int64(len(rest)-len(after)) != m.length {
				t.Fatalf("member %d: %d bytes from %d; compress/gzip: %d from %d, %v", i,
					len(m.content), m.length, len(content), len(rest)-len(after), gzipErr)
			}
			if m.stored != IsStored(rest[:m.length], int64(len(m.content))) && m.extra == "" {
				t.Fatalf("member %d: stored: %v", i, m.stored)
			}
			rest = after
		}
		if err == nil {
			if len(rest) > 0 {
				t.Fatalf("%d bytes left", len(rest))
			}
			return
		}
		if errors.Is(err, ErrCorrupt) == errors.Is(err, ErrTruncated) {
			t.Fatalf("neither one nor the other: %v", err)
		}
		if _, headErr := ParseHeader(rest); headErr == nil {
			if _, _, err := gunzipErr(rest); err == nil {
				t.Fatalf("compress/gzip accepts what the scanner refuses")
			}
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	var seq []byte
	e := newEncoder(b, 6)
	size := 0
	for i := range 200 {
		content := text(6000 + 50*i)
		seq = AppendTarHeader(seq, content[:512])
		seq, _ = e.AppendContent(seq, content)
		seq = AppendZeros(seq, i, nil)
		size += 512 + len(content) + i
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		s := NewScanner(bytes.NewReader(seq))
		for {
			if _, err := s.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkScannerStandardLibrary(b *testing.B) {
	var seq []byte
	e := newEncoder(b, 6)
	size := 0
	for i := range 200 {
		content := text(6000 + 50*i)
		seq = AppendTarHeader(seq, content[:512])
		seq, _ = e.AppendContent(seq, content)
		seq = AppendZeros(seq, i, nil)
		size += 512 + len(content) + i
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		z, err := gzip.NewReader(bytes.NewReader(seq))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, z); err != nil {
			b.Fatal(err)
		}
	}
}
