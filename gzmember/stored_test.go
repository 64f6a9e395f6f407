package gzmember

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
)

func TestStoredArithmetic(t *testing.T) {
	for _, tt := range []struct{ i, offset int64 }{
		{0, 15}, {1, 16}, {65534, 65549}, {65535, 65555}, {65536, 65556}, {131070, 131095},
	} {
		if got := StoredOffset(tt.i); got != tt.offset {
			t.Errorf("offset of byte %d is %d, want %d", tt.i, got, tt.offset)
		}
	}
}

func TestStored(t *testing.T) {
	for _, tt := range contents {
		size := int64(len(tt.b))
		b := AppendStored([]byte("before"), tt.b)[len("before"):]
		content, rest := gunzip(t, b)
		if !bytes.Equal(content, tt.b) || len(rest) > 0 ||
			int64(len(b)) != coding.StoredLength(size) || !IsStored(b, size) {
			t.Fatalf("%s: %d bytes of content from %d, stored: %v", tt.name, len(content), len(b),
				IsStored(b, size))
		}
		for i := int64(0); i < size; i += 1 + size/300 {
			if b[StoredOffset(i)] != tt.b[i] {
				t.Fatalf("%s: byte %d is not at %d", tt.name, i, StoredOffset(i))
			}
		}
	}
}

func TestIsStored(t *testing.T) {
	e := newEncoder(t, 6)
	content := noise(70000)
	two := AppendStored(nil, content)
	set := func(i int, v byte) []byte {
		b := bytes.Clone(two)
		b[i] = v
		return b
	}
	// The same blocks in another order: as long as a stored C, but no stored C.
	other := AppendMemberHeader(nil, nil)
	other = append(appendStoredHead(other, 70000-coding.StoredBlock, false),
		content[:70000-coding.StoredBlock]...)
	other = append(appendStoredHead(other, coding.StoredBlock, true),
		content[70000-coding.StoredBlock:]...)
	other = AppendMemberTrailer(other, crc32.ChecksumIEEE(content), 70000)
	if got, _ := gunzip(t, other); !bytes.Equal(got, content) {
		t.Fatal("the other order is not the same content")
	}
	for _, tt := range []struct {
		name   string
		member []byte
		size   int64
		want   bool
	}{
		{"stored", two, 70000, true},
		{"bits that mean nothing", set(10, 0xf8), 70000, true},
		{"other order of blocks", other, 70000, false},
		{"first block final", set(10, 1), 70000, false},
		{"fixed codes", set(10, 2), 70000, false},
		{"other LEN", set(11, 0xfe), 70000, false},
		{"other NLEN", set(13, 1), 70000, false},
		{"last block not final", set(int(StoredOffset(65535))-5, 0), 70000, false},
		{"longer", append(bytes.Clone(two), 0), 70000, false},
		{"other size", two, 70001, false},
		{"size 0", AppendZeros(nil, 0, nil), 0, false},
		{"negative size", two, -1, false},
		{"huge size", two, 1<<63 - 1, false},
		{"deflate", e.AppendMember(nil, text(100), nil), 100, false},
	} {
		if got := IsStored(tt.member, tt.size); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestStoredWriter(t *testing.T) {
	for _, size := range []int{1, 2, 65534, 65535, 65536, 131070, 131071, 200000} {
		content := noise(size)
		want := AppendStored(nil, content)
		for _, piece := range []int{1 + size/5000, 511, 65535, 65536, size} {
			var b bytes.Buffer
			w := NewStoredWriter(&b, int64(size))
			for rest := content; len(rest) > 0; {
				n := min(piece, len(rest))
				if m, err := w.Write(rest[:n]); m != n || err != nil {
					t.Fatalf("%d bytes in pieces of %d: Write: %d, %v", size, piece, m, err)
				}
				rest = rest[n:]
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), want) || w.crc != crc32.ChecksumIEEE(content) {
				t.Fatalf("%d bytes in pieces of %d: differs from AppendStored", size, piece)
			}
			if _, err := w.Write([]byte{1}); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("Write after Close: %v", err)
			}
		}
	}
}

func TestStoredWriterErrors(t *testing.T) {
	var b bytes.Buffer
	w := NewStoredWriter(&b, 10)
	w.Write(make([]byte, 9))
	before := b.Len()
	if err := w.Close(); err == nil || b.Len() != before {
		t.Errorf("too little: %v, %d bytes written", err, b.Len()-before)
	}
	w = NewStoredWriter(&b, 10)
	w.Write(make([]byte, 9))
	before = b.Len()
	if n, err := w.Write(make([]byte, 2)); err == nil || n != 0 || b.Len() != before {
		t.Errorf("too much: %d, %v", n, err)
	}
	if err := w.Close(); err == nil {
		t.Error("Close after an error gives none")
	}
	for _, size := range []int64{0, -1, coding.MaxSize + 1} {
		if _, err := NewStoredWriter(&b, size).Write(nil); err == nil {
			t.Errorf("size %d is accepted", size)
		}
	}
	if n, err := NewStoredWriter(&limited{20, nil}, 100).Write(make([]byte, 100)); n != 5 ||
		!errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a writer that writes nothing: %d, %v", n, err)
	}
	full := errors.New("full")
	for room := range 10 + 5 + 100 + 8 {
		w := NewStoredWriter(&limited{room, full}, 100)
		_, err := w.Write(make([]byte, 100))
		if err == nil {
			err = w.Close()
		}
		if !errors.Is(err, full) {
			t.Fatalf("with room for %d bytes: %v", room, err)
		}
	}
}

// limited is a writer with room for n bytes.
type limited struct {
	n   int
	err error
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) <= l.n {
		l.n -= len(p)
		return len(p), nil
	}
	n := l.n
	l.n = 0
	return n, l.err
}
