package grep

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzFile compares the lines that are found with those that match one by one.
func FuzzFile(f *testing.F) {
	for _, s := range [][2]string{
		{"b$", "ab\nba\n\nb"}, {`^\s*x`, "\n\n x\nx"}, {`\Aa|c\z`, "a\nba\nc"},
		{"[^a]+", "aaa\nb\na"}, {"", "\n\n"}, {`(?s).*`, "a\nb"}, {`\bfox\b`, "foxes\nfox\r\n"},
	} {
		f.Add(s[0], s[1], false)
	}
	f.Fuzz(func(t *testing.T, pattern, content string, number bool) {
		p, err := New(pattern, Options{Number: number})
		if err != nil || strings.Contains(content, "\x00") {
			return
		}
		var want strings.Builder
		matches := int64(0)
		for i, line := range strings.SplitAfter(content, "\n") {
			line, ended := strings.CutSuffix(line, "\n")
			if !ended && line == "" || !p.line.MatchString(line) {
				continue
			}
			matches++
			want.WriteString("f:")
			if number {
				fmt.Fprintf(&want, "%d:", i+1)
			}
			want.WriteString(line + "\n")
		}
		var got bytes.Buffer
		n, err := p.File(&got, "f", iotest.OneByteReader(strings.NewReader(content)))
		if err != nil || n != matches || got.String() != want.String() {
			t.Fatalf("%q in %q: %d %v %q, want %d %q", pattern, content, n, err, got.String(), matches,
				want.String())
		}
	})
}

// TestLong: lines of any length, over the ends of chunks.
func TestLong(t *testing.T) {
	p, err := New("needle$", Options{Number: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{0, chunkSize - 10, chunkSize - 6, chunkSize, 3 * chunkSize} {
		long := strings.Repeat("x", length) + "needle"
		var got bytes.Buffer
		n, err := p.File(&got, "f", strings.NewReader("first\n"+long+"\nneedle no\n"+long))
		if err != nil || n != 2 || got.String() != "f:2:"+long+"\nf:4:"+long+"\n" {
			t.Errorf("%d: %d %v, %d bytes", length, n, err, got.Len())
		}
	}
}

func TestBinary(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
		err  error
	}{
		{Options{}, "", ErrBinary}, {Options{Names: true}, "f\n", nil},
		{Options{Count: true}, "f:2\n", nil},
	} {
		p, err := New("x", c.o)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		_, err = p.File(&got, "f", strings.NewReader("x\x00\nx\n"))
		if !errors.Is(err, c.err) || got.String() != c.want {
			t.Errorf("%+v: %v %q", c.o, err, got.String())
		}
	}
}
