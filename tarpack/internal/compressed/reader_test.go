package compressed_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tarpack/tpk/tarpack/internal/compressed"
)

// member returns a gzip member with a name, which compress/gzip writes (RFC 1952, section 2.3.1).
func member(t *testing.T, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name, w.Comment = name, name
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A reader reads streams of several formats, and not beyond the last one and the zeros behind it.
func TestReader(t *testing.T) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	in := bytes.Join([][]byte{
		member(t, strings.Repeat("n", 70_000), "one "), member(t, "", ""), make([]byte, 100),
		member(t, "name", "two "), z.EncodeAll([]byte("three"), nil), make([]byte, 7), []byte("rest"),
	}, nil)
	r := bufio.NewReader(bytes.NewReader(in))
	if head, _ := r.Peek(16); !compressed.Begins(head) {
		t.Fatal("it does not begin with a stream")
	}
	s := compressed.NewReader(r)
	defer s.Close()
	got := make([]byte, len("one two three"))
	if _, err := io.ReadFull(s, got); err != nil || string(got) != "one two three" {
		t.Fatalf("read %q, %v", got, err)
	}
	if end, err := s.AtEnd(); !end || err != nil {
		t.Errorf("not at the end, %v", err)
	}
	if rest, err := io.ReadAll(r); string(rest) != "rest" || err != nil {
		t.Errorf("the rest is %q, %v", rest, err)
	}
}

// Each byte of a member is checked, and each is needed.
func TestReaderDamaged(t *testing.T) {
	in := member(t, "name", "content")
	for i := range in {
		cut := compressed.NewReader(bufio.NewReader(bytes.NewReader(in[:i])))
		_, err := io.ReadAll(cut)
		if i > 0 && err == nil || i > 2 && !errors.Is(err, compressed.ErrCutOff) {
			t.Errorf("cut off at %d: %v", i, err)
		}
		switch {
		case i == 3, i >= 4 && i < 10: // what a reader ignores, or reads as another field
			continue
		case i >= 10 && i < 20: // name and comment
			continue
		}
		bad := bytes.Clone(in)
		bad[i] ^= 0x10
		if b, err := io.ReadAll(compressed.NewReader(bufio.NewReader(bytes.NewReader(bad)))); err == nil {
			t.Errorf("byte %d is changed: %q", i, b)
		}
	}
}
