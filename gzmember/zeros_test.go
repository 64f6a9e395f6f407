package gzmember

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
)

func TestZeros(t *testing.T) {
	for n := range 2000 {
		for _, extra := range [][]byte{nil, []byte("S and more")} {
			b := AppendZeros([]byte("before"), n, extra)[len("before"):]
			content, rest := gunzip(t, b)
			if len(content) != n || bytes.Count(content, []byte{0}) != n || len(rest) != 0 {
				t.Fatalf("%d zeros come out as %d bytes, %d of them zero, and %d bytes after", n,
					len(content), bytes.Count(content, []byte{0}), len(rest))
			}
			h, err := ParseHeader(b)
			if err != nil || !bytes.Equal(h.Extra, extra) {
				t.Fatalf("%d zeros: header %q, %v", n, h.Extra, err)
			}
		}
	}
}

// TestZerosBytes: these bytes are the format (FORMAT.md §1.2). They must never change.
func TestZerosBytes(t *testing.T) {
	const head = "1f8b08000000000000ff"
	for _, tt := range []struct {
		n    int
		want string // deflate stream, CRC-32, ISIZE
	}{
		{0, "0300" + "00000000" + "00000000"},
		{1, "630000" + "8def02d2" + "01000000"},           // 0
		{2, "63600000" + "ff12d941" + "02000000"},         // 0, 0
		{3, "6360600000" + "12d941ff" + "03000000"},       // 0, 0, 0
		{4, "63000200" + "1cdf4421" + "04000000"},         // 0, match 3
		{258, "6318f10000" + "9abf69ae" + "02010000"},     // 0, match 257
		{259, "63180500" + "68fc76c2" + "03010000"},       // 0, match 258
		{260, "6318050c00" + "1b70a991" + "04010000"},     // 0, match 258, 0
		{261, "6318050c0c00" + "118ff658" + "05010000"},   // 0, match 258, 0, 0
		{262, "631805400000" + "f039eab8" + "06010000"},   // 0, match 258, match 3
		{511, "63180523190000" + "9f201418" + "ff010000"}, // 0, match 258, match 252
	} {
		got := hex.EncodeToString(AppendZeros(nil, tt.n, nil))
		if got != head+tt.want {
			t.Errorf("%d zeros: %s, want %s", tt.n, got[len(head):], tt.want)
		}
	}
}

// TestPaddingDigest covers every P without an extra field. The digest is that of a second
// implementation, written from FORMAT.md in Python.
func TestPaddingDigest(t *testing.T) {
	var all []byte
	for n := range tarBlock {
		all = AppendZeros(all, n, nil)
	}
	const want = "a86937a15ce71219bce54131916771472a41d1c27d55dfe03a04c252081b82e5"
	if got := fmt.Sprintf("%x", sha256.Sum256(all)); got != want {
		t.Errorf("sha256 of all 512 is %s, want %s", got, want)
	}
}

func TestTrailerLength(t *testing.T) {
	b := AppendZeros(nil, 2*tarBlock, make([]byte, 30))
	if want := HeaderSize + subfieldHead + 30 + 10 + MemberTrailerSize; len(b) != want || want != 64 {
		t.Errorf("T has %d bytes", len(b))
	}
	want := "631805a360148c580000" // 0, 3 matches of 258, one of 249
	if got := hex.EncodeToString(
		b[HeaderSize+subfieldHead+30 : len(b)-MemberTrailerSize]); got != want {
		t.Errorf("its deflate stream is %s", got)
	}
}

func TestZerosAllocs(t *testing.T) {
	buf := make([]byte, 0, 200)
	extra := []byte("S and more")
	wantAllocs(t, 0, func() {
		AppendZeros(buf, 511, nil)
		AppendZeros(buf, 1024, extra)
	})
}
