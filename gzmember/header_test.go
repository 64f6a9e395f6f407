package gzmember

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestMemberHeader(t *testing.T) {
	for _, tt := range []struct {
		name, extra string
		want        string
	}{
		{"plain", "", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"},
		{"kind alone", "G", "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x05\x00TP\x01\x00G"},
		{"trailer", "T\x01", "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x06\x00TP\x02\x00T\x01"},
		{"longest", "S" + strings.Repeat("x", MaxExtra-1),
			"\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\xff\xffTP\xfb\xffS" + strings.Repeat("x", MaxExtra-1)},
	} {
		got := AppendMemberHeader([]byte("before"), []byte(tt.extra))
		if string(got) != "before"+tt.want {
			t.Errorf("%s: header is %q, want %q", tt.name, got, tt.want)
		}
		h, err := ParseHeader(append([]byte(tt.want), "rest"...))
		if err != nil || h.Length != len(tt.want) || string(h.Extra) != tt.extra ||
			(h.Extra == nil) != (tt.extra == "") {
			t.Errorf("%s: parsed as %d, %q, %v", tt.name, h.Length, h.Extra, err)
		}
		for n := range len(tt.want) {
			if n > 40 && n < len(tt.want)-1 {
				continue
			}
			if _, err := ParseHeader([]byte(tt.want[:n])); !errors.Is(err, ErrTruncated) {
				t.Errorf("%s: first %d bytes: %v", tt.name, n, err)
			}
		}
	}
}

func TestMemberHeaderTooLong(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an extra field that does not fit was written")
		}
	}()
	AppendMemberHeader(nil, make([]byte, MaxExtra+1))
}

func TestParseHeaderRefuses(t *testing.T) {
	for name, b := range map[string]string{
		"no gzip":               "PK\x03\x04",
		"second magic":          "\x1f\x9d\x08\x00\x00\x00\x00\x00\x00\xff",
		"other method":          "\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\xff",
		"text flag":             "\x1f\x8b\x08\x01\x00\x00\x00\x00\x00\xff",
		"header CRC":            "\x1f\x8b\x08\x02\x00\x00\x00\x00\x00\xff\x00\x00",
		"file name":             "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xffa\x00",
		"extra and name":        "\x1f\x8b\x08\x0c\x00\x00\x00\x00\x00\xff\x05\x00TP\x01\x00Ga\x00",
		"time":                  "\x1f\x8b\x08\x00\x01\x00\x00\x00\x00\xff",
		"extra flags":           "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff",
		"Unix":                  "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
		"wrong from the start":  "x",
		"wrong and cut":         "\x1f\x8b\x08\x08",
		"other subfield":        "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x05\x00BC\x01\x00G",
		"two subfields":         "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x0a\x00TP\x01\x00GTP\x01\x00G",
		"no subfield":           "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x00\x00\x00\x00\x00\x00",
		"empty subfield":        "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x04\x00TP\x00\x00",
		"subfield beyond field": "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x05\x00TP\x02\x00GG",
	} {
		if h, err := ParseHeader([]byte(b)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

// FuzzParseHeader: a header that is accepted is byte for byte one that AppendMemberHeader writes.
func FuzzParseHeader(f *testing.F) {
	f.Add(AppendMemberHeader(nil, nil))
	f.Add(AppendMemberHeader(nil, []byte("Gxyz")))
	f.Add(AppendZeros(nil, 1024, make([]byte, 30)))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err != nil {
			if errors.Is(err, ErrCorrupt) == errors.Is(err, ErrTruncated) {
				t.Fatalf("neither one nor the other: %v", err)
			}
			return
		}
		if again := AppendMemberHeader(nil, h.Extra); !bytes.Equal(again, b[:h.Length]) {
			t.Fatalf("% x is written as % x", b[:h.Length], again)
		}
	})
}
