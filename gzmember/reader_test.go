package gzmember

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"math/rand"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/tarpack/tpk/gzmember/coding"
)

// newReader is NewReader for tests.
func newReader(t testing.TB, src io.ReaderAt, c Content) *Reader {
	t.Helper()
	r, err := NewReader(src, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// each calls test for all contents in all codings.
func each(t *testing.T, test func(t *testing.T, a *archived)) {
	for _, tt := range contents {
		for _, how := range codings {
			if a := put(t, tt.b, how); a != nil {
				t.Run(tt.name+"/"+how.String(), func(t *testing.T) { test(t, a) })
			}
		}
	}
}

func TestReader(t *testing.T) {
	each(t, func(t *testing.T, a *archived) {
		for _, step := range []int{1, 1000, 1 << 20} {
			if len(a.content) > 100000*step {
				continue
			}
			r := newReader(t, a.src(), a.c)
			var got bytes.Buffer
			if _, err := io.CopyBuffer(&got, struct{ io.Reader }{r},
				make([]byte, step)); err != nil || !bytes.Equal(got.Bytes(), a.content) {
				t.Fatalf("in steps of %d: %d bytes of %d, %v", step, got.Len(), len(a.content), err)
			}
			if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Fatalf("after the end: %d, %v", n, err)
			}
		}
		r := newReader(t, a.src(), a.c)
		var got bytes.Buffer
		if n, err := r.WriteTo(&got); err != nil || n != a.c.Size ||
			!bytes.Equal(got.Bytes(), a.content) {
			t.Fatalf("WriteTo: %d bytes of %d, %v", n, len(a.content), err)
		}
	})
}

// TestReaderConforms: the reader passes the checks of the standard library for a Reader, Seeker and
// ReaderAt, which read byte by byte.
func TestReaderConforms(t *testing.T) {
	for _, a := range []*archived{put(t, text(2000), coding.Deflate),
		put(t, noise(coding.StoredBlock+100), coding.Stored)} {
		if err := iotest.TestReader(newReader(t, a.src(), a.c), a.content); err != nil {
			t.Errorf("%s: %v", a.c.Coding, err)
		}
	}
}

func TestReaderRanges(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	each(t, func(t *testing.T, a *archived) {
		size := len(a.content)
		seeker := newReader(t, a.src(), a.c)
		offsets := []int{0, 1, size / 2, size - 1, 65534, 65535, 65536, 1<<20 - 1, 1 << 20, 1<<20 + 1}
		for range 10 {
			offsets = append(offsets, rng.Intn(size))
		}
		for _, off := range offsets {
			if off < 0 || off >= size {
				continue
			}
			for _, n := range []int{0, 1, 10, 70000, size - off} {
				n = min(n, size-off)
				want := a.content[off : off+n]
				r, err := NewRangeReader(a.src(), a.c, int64(off), int64(n))
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("range of %d at %d: %d bytes, %v", n, off, len(got), err)
				}
				r.Close()
				got := make([]byte, n)
				if m, err := seeker.ReadAt(got, int64(off)); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("ReadAt %d at %d: %d bytes, %v", n, off, m, err)
				}
				clear(got)
				if pos, err := seeker.Seek(int64(off), io.SeekStart); err != nil || pos != int64(off) {
					t.Fatalf("Seek to %d: %d, %v", off, pos, err)
				}
				if m, err := io.ReadFull(seeker, got); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("Read %d at %d: %d bytes, %v", n, off, m, err)
				}
			}
		}
	})
}

func TestReaderSeek(t *testing.T) {
	a := put(t, text(70000), coding.Deflate)
	r := newReader(t, a.src(), a.c)
	for _, tt := range []struct {
		offset int64
		whence int
		want   int64 // -1: an error
	}{
		{10, io.SeekStart, 10},
		{5, io.SeekCurrent, 15},
		{-15, io.SeekCurrent, 0},
		{-1, io.SeekCurrent, -1},
		{0, io.SeekEnd, 70000},
		{-70000, io.SeekEnd, 0},
		{-70001, io.SeekEnd, -1},
		{100, io.SeekEnd, 70100},
		{0, 3, -1},
		{math.MaxInt64, io.SeekCurrent, -1},
		{math.MinInt64, io.SeekStart, -1},
		{1, io.SeekStart, 1},
	} {
		got, err := r.Seek(tt.offset, tt.whence)
		if (err != nil) != (tt.want < 0) || err == nil && got != tt.want {
			t.Errorf("Seek %d, %d: %d, %v", tt.offset, tt.whence, got, err)
		}
		if tt.want > 70000 {
			if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("beyond the end: %d, %v", n, err)
			}
		}
	}
	if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("ReadAt -1 gives no error")
	}
	if n, err := r.ReadAt(make([]byte, 1), 70000); n != 0 || err != io.EOF {
		t.Errorf("ReadAt the end: %d, %v", n, err)
	}
	if n, err := r.ReadAt(make([]byte, 11), 69990); n != 10 || err != io.EOF {
		t.Errorf("ReadAt over the end: %d, %v", n, err)
	}
	r.Close()
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := r.Seek(0, io.SeekStart); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestReaderEmptyFile(t *testing.T) {
	r := newReader(t, nil, Content{})
	if b, err := io.ReadAll(r); len(b) != 0 || err != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if _, err := NewRangeReader(nil, Content{}, 0, 0); err != nil {
		t.Error(err)
	}
}

func TestRangeReaderRefuses(t *testing.T) {
	a := put(t, text(1000), coding.Deflate)
	for _, tt := range [][2]int64{{-1, 1}, {0, -1}, {0, 1001}, {1000, 1}, {1001, 0},
		{1, math.MaxInt64}, {math.MaxInt64, 1}} {
		if _, err := NewRangeReader(a.src(), a.c, tt[0], tt[1]); err == nil {
			t.Errorf("%d bytes at %d are accepted", tt[1], tt[0])
		}
	}
}

// TestReaderHostile: impossible values are refused before anything is read or allocated.
func TestReaderHostile(t *testing.T) {
	noEnds := func(int) (int64, error) { panic("asked for a segment") }
	for name, c := range map[string]Content{
		"negative size": {Offset: 0, Length: 100, Size: -1, Coding: coding.Deflate},
		"huge size":     {Offset: 0, Length: 100, Size: math.MaxInt64, Coding: coding.Deflate},
		"impossible ratio": {Offset: 0, Length: 100, Size: 104 * coding.MaxExpansion,
			Coding: coding.Deflate},
		"negative offset": {Offset: -1, Length: 100, Size: 100, Coding: coding.Deflate},
		"huge offset":     {Offset: math.MaxInt64, Length: 100, Size: 100, Coding: coding.Deflate},
		"end beyond MaxSetSize": {Offset: coding.MaxSetSize - 50, Length: 100, Size: 100,
			Coding: coding.Deflate},
		"negative length": {Offset: 0, Length: -5, Size: 100, Coding: coding.Deflate},
		"short length":    {Offset: 0, Length: 18, Size: 100, Coding: coding.Deflate},
		"huge length":     {Offset: 0, Length: math.MaxInt64, Size: 100, Coding: coding.Deflate},
		"no coding":       {Offset: 0, Length: 100, Size: 100},
		"unknown coding":  {Offset: 0, Length: 100, Size: 100, Coding: 7},
		"stored, too short": {Offset: 0, Length: coding.StoredLength(100) - 1, Size: 100,
			Coding: coding.Stored},
		"stored, too long": {Offset: 0, Length: coding.StoredLength(100) + 1, Size: 100,
			Coding: coding.Stored},
		"stored, huge": {Offset: 0, Length: 100, Size: coding.MaxSize, Coding: coding.Stored},
		"segments, no table": {Offset: 0, Length: 10000, Size: 2 << 20, Coding: coding.Segmented,
			Shift: 20},
		"segments, no shift": {Offset: 0, Length: 10000, Size: 2 << 20, Coding: coding.Segmented,
			Ends: noEnds},
		"segments, shift 41": {Offset: 0, Length: 1 << 40, Size: 1 << 42, Coding: coding.Segmented,
			Shift: 41, Ends: noEnds},
		"segments, shift 255": {Offset: 0, Length: 1 << 40, Size: 1 << 42, Coding: coding.Segmented,
			Shift: 255, Ends: noEnds},
		"one segment": {Offset: 0, Length: 10000, Size: 1 << 20, Coding: coding.Segmented,
			Shift: 20, Ends: noEnds},
		"too many segments": {Offset: 0, Length: 1 << 33, Size: 8193 << 20,
			Coding: coding.Segmented, Shift: 20, Ends: noEnds},
	} {
		if _, err := NewReader(nil, c); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReaderHostileSegments(t *testing.T) {
	a := put(t, mixed(3<<20+1), coding.Segmented)
	var good []int64
	for k := range 4 {
		end, _ := a.c.Ends(k)
		good = append(good, end)
	}
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		ends []int64
	}{
		{"backwards", []int64{good[0], good[0] - 1, good[2], good[3]}},
		{"empty", []int64{good[0], good[0], good[2], good[3]}},
		{"zero", []int64{0, good[1], good[2], good[3]}},
		{"negative", []int64{-5, good[1], good[2], good[3]}},
		{"smallest", []int64{math.MinInt64, good[1], good[2], good[3]}},
		{"beyond the stream", []int64{good[0], good[3] + 1, good[2], good[3]}},
		{"largest", []int64{good[0], math.MaxInt64, good[2], good[3]}},
		{"last too early", []int64{good[0], good[1], good[2], good[3] - 1}},
		{"last too late", []int64{good[0], good[1], good[2], good[3] + 1}},
		{"a byte too early", []int64{good[0], good[1] - 1, good[2], good[3]}},
		{"a byte too late", []int64{good[0], good[1] + 1, good[2], good[3]}},
		{"within the flush", []int64{good[0] - 4, good[1], good[2], good[3]}},
		{"all shifted", []int64{good[1], good[2], good[3] - 1, good[3]}},
		{"error", []int64{good[0], good[1]}},
	} {
		c := a.c
		c.Ends = func(k int) (int64, error) {
			if k >= len(tt.ends) {
				return 0, broken
			}
			return tt.ends[k], nil
		}
		want := ErrCorrupt
		if tt.name == "error" {
			want = broken
		}
		b, err := io.ReadAll(newReader(t, a.src(), c))
		if !errors.Is(err, want) || !bytes.HasPrefix(a.content, b) {
			t.Errorf("%s: %d bytes, %v", tt.name, len(b), err)
		}
	}
}

// TestReaderDamaged flips each bit of small members and some of large ones. A read of the whole
// must find the damage, unless the content is still right.
func TestReaderDamaged(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for _, content := range [][]byte{[]byte("x"), text(300), append(noise(66000), text(500)...),
		mixed(2<<20 + 3)} {
		if len(content) > 1<<20 && testing.Short() {
			continue
		}
		for _, how := range codings {
			a := put(t, content, how)
			if a == nil {
				continue
			}
			src := a.src()
			r := newReader(t, src, a.c)
			tries := 8 * int(a.c.Length)
			for i := range min(tries, 4000) {
				bit := i
				if tries > 4000 {
					bit = rng.Intn(tries)
				}
				if tries > 1<<20 && i > 150 {
					break
				}
				at := a.c.Offset + int64(bit/8)
				a.archive[at] ^= 1 << (bit % 8)
				r.Seek(0, io.SeekStart)
				got, err := io.ReadAll(r)
				if err == nil && !bytes.Equal(got, content) {
					t.Fatalf("%s of %d bytes, bit %d: not found", how, len(content), bit)
				}
				if err != nil && (!errors.Is(err, ErrCorrupt) || len(got) >= len(content) ||
					len(got) > 0 && len(content) <= coding.StoredBlock) {
					t.Fatalf("%s of %d bytes, bit %d: %d bytes, %v", how, len(content), bit, len(got), err)
				}
				a.archive[at] ^= 1 << (bit % 8)
			}
		}
	}
}

// TestReaderWrongIndex: the C is right, but not as the index describes it.
func TestReaderWrongIndex(t *testing.T) {
	content := text(1000)
	deflate, stored := put(t, content, coding.Deflate), put(t, content, coding.Stored)
	for _, tt := range []struct {
		name   string
		a      *archived
		change func(c *Content)
	}{
		{"smaller", deflate, func(c *Content) { c.Size-- }},
		{"larger", deflate, func(c *Content) { c.Size++ }},
		{"other CRC", deflate, func(c *Content) { c.CRC++ }},
		{"shorter", deflate, func(c *Content) { c.Length-- }},
		{"longer", deflate, func(c *Content) { c.Length++ }},
		{"elsewhere", deflate, func(c *Content) { c.Offset++ }},
		{"stored as deflate", stored, func(c *Content) { c.Coding = coding.Deflate }},
		{"deflate as stored", deflate, func(c *Content) {
			c.Coding, c.Size = coding.Stored,
				c.Length-23
		}},
		{"stored, smaller", stored, func(c *Content) { c.Size--; c.Length-- }},
		{"stored, elsewhere", stored, func(c *Content) { c.Offset-- }},
		{"stored, other CRC", stored, func(c *Content) { c.CRC-- }},
	} {
		c := tt.a.c
		tt.change(&c)
		got, err := io.ReadAll(newReader(t, tt.a.src(), c))
		if !errors.Is(err, ErrCorrupt) || int64(len(got)) >= c.Size {
			t.Errorf("%s: %d bytes, %v", tt.name, len(got), err)
		}
	}
}

// TestReaderRangeChecks: a range checks all that it passes, except the CRC-32.
func TestReaderRangeChecks(t *testing.T) {
	content := noise(200000)
	a := put(t, content, coding.Stored)
	head := int(a.c.Offset + StoredOffset(coding.StoredBlock) - coding.StoredHead)
	a.archive[head] = 1 // the second block is marked as the last
	r := newReader(t, a.src(), a.c)
	for _, tt := range []struct {
		off, n int
		bad    bool
	}{
		{0, 10, false}, {0, 65535, false}, {0, 65536, true}, {65534, 2, true}, {65535, 1, true},
		{70000, 10, true}, {131069, 1, true}, {131070, 1, false}, {199999, 1, false},
	} {
		_, err := r.ReadAt(make([]byte, tt.n), int64(tt.off))
		if (err != nil) != tt.bad || err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d bytes at %d: %v", tt.n, tt.off, err)
		}
	}
}

// shortReader returns a few bytes at a time, and errors late.
type shortReader struct{ r io.ReaderAt }

func (s shortReader) ReadAt(p []byte, off int64) (int, error) {
	if len(p) > 100 {
		n, err := s.r.ReadAt(p[:100], off)
		if err == io.EOF && n > 0 {
			err = nil
		}
		return n, err
	}
	return s.r.ReadAt(p, off)
}

func TestReaderSources(t *testing.T) {
	content := append(text(5000), noise(70000)...)
	broken := errors.New("broken")
	for _, how := range []coding.Coding{coding.Deflate, coding.Stored} {
		a := put(t, content, how)
		if got, err := io.ReadAll(newReader(t, shortReader{a.src()}, a.c)); err != nil ||
			!bytes.Equal(got, content) {
			t.Errorf("%s, short reads: %d bytes, %v", how, len(got), err)
		}
		for _, missing := range []int64{1, 8, 9, 1000, a.c.Length - 1, a.c.Length} {
			cut := a.archive[:a.c.Offset+a.c.Length-missing]
			got, err := io.ReadAll(newReader(t, bytes.NewReader(cut), a.c))
			if !errors.Is(err, ErrTruncated) || len(got) >= len(content) {
				t.Errorf("%s, %d bytes missing: %d bytes, %v", how, missing, len(got), err)
			}
			if _, err := io.ReadAll(newReader(t, &failing{bytes.NewReader(cut), broken},
				a.c)); !errors.Is(err, broken) || errors.Is(err, ErrCorrupt) {
				t.Errorf("%s, broken %d bytes before the end: %v", how, missing, err)
			}
		}
	}
}

// failing returns its own error instead of io.EOF.
type failing struct {
	r   io.ReaderAt
	err error
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.r.ReadAt(p, off)
	if err != nil {
		err = f.err
	}
	return n, err
}

// TestReaderNoEnd: a stream that goes on beyond its member, and segments whose table breaks off.
func TestReaderNoEnd(t *testing.T) {
	a := put(t, text(1000), coding.Deflate)
	stream := newEncoder(t, 6).AppendSegment(nil, a.content, false) // no final block
	a.archive = append(AppendMemberHeader(nil, nil), stream...)
	a.archive = AppendMemberTrailer(a.archive, a.c.CRC, a.c.Size)
	a.c.Offset, a.c.Length = 0, int64(len(a.archive))
	if got, err := io.ReadAll(newReader(t, a.src(), a.c)); !errors.Is(err, ErrCorrupt) ||
		len(got) > 0 {
		t.Errorf("no final block: %d bytes, %v", len(got), err)
	}
	empty := AppendStored(nil, []byte("x"))
	empty = append(append(empty[:HeaderSize:HeaderSize], 0, 1, 0, 0xfe, 0xff, 'x', 0, 9),
		"98765432"...)
	c := Content{Length: int64(len(empty)), Size: 1, Coding: coding.Deflate}
	if got, err := io.ReadAll(newReader(t, bytes.NewReader(empty), c)); !errors.Is(err,
		ErrCorrupt) || len(got) > 0 {
		t.Errorf("no second block: %d bytes, %v", len(got), err)
	}

	a = put(t, mixed(3<<20), coding.Segmented)
	broken := errors.New("broken")
	a.c.Ends = func(int) (int64, error) { return 0, broken }
	if _, err := newReader(t, a.src(), a.c).ReadAt(make([]byte, 1), 2<<20); !errors.Is(err, broken) {
		t.Errorf("no table: %v", err)
	}
	a.c.Shift = 0
	if _, err := NewRangeReader(a.src(), a.c, 0, 1); !errors.Is(err, ErrCorrupt) {
		t.Errorf("no shift: %v", err)
	}
}

func TestReaderWriteTo(t *testing.T) {
	a := put(t, noise(70000), coding.Stored)
	full := errors.New("full")
	for _, want := range []error{full, io.ErrShortWrite} {
		w := &limited{300, want}
		if errors.Is(want, io.ErrShortWrite) {
			w.err = nil
		}
		r := newReader(t, a.src(), a.c)
		if n, err := r.WriteTo(w); n != 300 || !errors.Is(err, want) {
			t.Errorf("a writer that is full: %d bytes, %v", n, err)
		}
		if rest, err := io.ReadAll(r); err != nil || !bytes.Equal(rest, a.content[300:]) {
			t.Errorf("the rest: %d bytes, %v", len(rest), err)
		}
	}
	a.archive[a.c.Offset+a.c.Length-1] ^= 1
	if n, err := newReader(t, a.src(), a.c).WriteTo(io.Discard); n != coding.StoredBlock ||
		!errors.Is(err, ErrCorrupt) {
		t.Errorf("a damaged member: %d bytes, %v", n, err)
	}
}

// TestReaderRecovers: after an error Seek sets a reader right.
func TestReaderRecovers(t *testing.T) {
	a := put(t, mixed(3<<20), coding.Segmented)
	end, _ := a.c.Ends(1)
	bad := a.c.Offset + HeaderSize + end - 1 // in the flush of the second segment
	a.archive[bad] ^= 1
	r := newReader(t, a.src(), a.c)
	got, err := io.ReadAll(r)
	if !errors.Is(err, ErrCorrupt) || len(got) >= 2<<20 || len(got) < 1<<20 {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if _, again := r.Read(make([]byte, 1)); !errors.Is(again, err) {
		t.Errorf("then %v", again)
	}
	r.Seek(2<<20, io.SeekStart)
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, a.content[2<<20:]) {
		t.Errorf("the third segment: %d bytes, %v", len(got), err)
	}
}

func TestReaderConcurrently(t *testing.T) {
	for _, how := range codings {
		a := put(t, mixed(2<<20+9), how)
		r := newReader(t, a.src(), a.c)
		var all sync.WaitGroup
		for g := range 4 {
			all.Add(1)
			go func() {
				defer all.Done()
				rng := rand.New(rand.NewSource(int64(g)))
				for range 10 {
					off := rng.Intn(len(a.content))
					got := make([]byte, min(1000, len(a.content)-off))
					if _, err := r.ReadAt(got, int64(off)); err != nil ||
						!bytes.Equal(got, a.content[off:off+len(got)]) {
						t.Errorf("%s: at %d: %v", how, off, err)
					}
				}
			}()
		}
		all.Wait()
	}
}

// readCounter counts the bytes read from an archive.
type readCounter struct {
	r            io.ReaderAt
	reads, bytes int
}

func (c *readCounter) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.reads++
	c.bytes += n
	return n, err
}

// TestReaderReads: how much of the archive is read.
func TestReaderReads(t *testing.T) {
	for _, tt := range []struct {
		name         string
		content      []byte
		coding       coding.Coding
		off, n       int
		reads, bytes int // at most
	}{
		{"small deflate", text(6000), coding.Deflate, 0, 6000, 1, 6000},
		{"small stored", noise(6000), coding.Stored, 0, 6000, 1, 6023},
		{"one block", noise(65535), coding.Stored, 0, 65535, 1, 65558},
		{"byte of a stored file", noise(1 << 20), coding.Stored, 900000, 1, 2, 6},
		{"two blocks", noise(1 << 20), coding.Stored, 65530, 10, 3, 20},
		{"byte of a segment", text(4 << 20), coding.Segmented, 3 << 20, 1, 1, inputBuffer},
	} {
		a := put(t, tt.content, tt.coding)
		src := &readCounter{r: a.src()}
		r, err := NewRangeReader(src, a.c, int64(tt.off), int64(tt.n))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := r.WriteTo(io.Discard); err != nil || n != int64(tt.n) ||
			src.reads > tt.reads || src.bytes > tt.bytes {
			t.Errorf("%s: %d reads, %d bytes for %d, %v", tt.name, src.reads, src.bytes, n, err)
		}
		r.Close()
	}
}

func TestReaderAllocs(t *testing.T) {
	for _, how := range codings {
		a := put(t, mixed(1<<20+100), how)
		src := a.src()
		buf := make([]byte, 100)
		// The reader itself is the only one.
		wantAllocs(t, 1, func() {
			r, err := NewReader(src, a.c)
			if err != nil {
				t.Fatal(err)
			}
			r.WriteTo(io.Discard)
			r.ReadAt(buf, 1<<20)
			r.Close()
		})
	}
}

// FuzzReader reads a damaged C with a damaged index. If all of the content is read, it must be the
// content that compress/flate finds. Never are more than Size bytes read.
func FuzzReader(f *testing.F) {
	// Small ones, as large ones take the fuzzer very long to make smaller.
	for _, a := range []*archived{
		put(f, text(200), coding.Deflate),
		put(f, noise(50), coding.Stored),
		put(f, make([]byte, coding.StoredBlock+60), coding.Deflate),
		put(f, make([]byte, 1<<20+500), coding.Segmented),
	} {
		end := int64(0)
		if a.c.Coding == coding.Segmented {
			end, _ = a.c.Ends(0)
		}
		stream := a.member()[HeaderSize : a.c.Length-MemberTrailerSize]
		f.Add(stream, a.c.Size, byte(a.c.Coding), end, a.c.Size/2)
	}
	f.Fuzz(func(t *testing.T, stream []byte, size int64, how byte, end, off int64) {
		content, used, ok := judge(stream)
		crc := crc32.ChecksumIEEE(content)
		member := append(AppendMemberHeader(nil, nil), stream...)
		member = AppendMemberTrailer(member, crc, int64(len(content)))
		c := Content{Length: int64(len(member)), Size: size, CRC: crc, Coding: coding.Coding(how),
			Shift: coding.MinShift}
		c.Ends = func(k int) (int64, error) {
			if int64(k) == coding.Segments(size, coding.MinShift)-1 {
				return int64(len(stream)), nil
			}
			return end + int64(k), nil
		}
		r, err := NewReader(bytes.NewReader(member), c)
		if err != nil || size == 0 {
			return
		}
		defer r.Close()
		got, err := io.ReadAll(r)
		if int64(len(got)) > size || err != nil && !errors.Is(err, ErrCorrupt) &&
			!errors.Is(err, ErrTruncated) {
			t.Fatalf("%d bytes of %d, %v", len(got), size, err)
		}
		if err == nil && (!ok || used < len(stream) || !bytes.Equal(got, content)) {
			t.Fatalf("%d bytes; compress/flate: %d, from %d of %d, %v", len(got), len(content),
				used, len(stream), ok)
		}
		if err != nil && ok && used == len(stream) && int64(len(content)) == size &&
			c.Coding == coding.Deflate && !IsStored(member, size) {
			t.Fatalf("what compress/flate accepts: %v", err)
		}
		part := make([]byte, 100)
		n, partErr := r.ReadAt(part, off)
		if err == nil && off >= 0 && off < size {
			if partErr != nil && partErr != io.EOF || !bytes.Equal(part[:n], got[off:min(size, off+100)]) {
				t.Fatalf("%d bytes at %d, %v", n, off, partErr)
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	for _, how := range codings {
		for _, size := range []int{6 << 10, 4 << 20} {
			a := put(b, text(size), how)
			if a == nil {
				continue
			}
			b.Run(fmt.Sprintf("%s/%d", how, size), func(b *testing.B) {
				src := a.src()
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					r, err := NewReader(src, a.c)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := r.WriteTo(io.Discard); err != nil {
						b.Fatal(err)
					}
					r.Close()
				}
			})
		}
	}
}
