package format

import (
	"errors"
	"strings"
	"testing"
)

// TestRecognize: the first bytes are those that file(1) knows the formats by.
func TestRecognize(t *testing.T) {
	header := make([]byte, BlockSize)
	copy(header[257:], "ustar\x0000")
	for head, want := range map[string]Foreign{
		"":                           ForeignEmpty,
		"PK\x03\x04\x14\x00":         ForeignZip,
		"\x1f\x8b\x08\x00":           ForeignGzip,
		"\xfd7zXZ\x00\x00\x04":       ForeignXZ,
		"\x28\xb5\x2f\xfd\x04":       ForeignZstd,
		"BZh91AY&SY":                 ForeignBzip2,
		"\x04\x22\x4d\x18\x64":       ForeignLZ4,
		string(header):               ForeignTar,
		"7z\xbc\xaf\x27\x1c\x00\x04": "it is a 7z archive",
		"Rar!\x1a\x07\x01\x00":       "it is a RAR archive",
		"Rar!\x1a\x07\x00":           "it is a RAR archive",
		"TPKINDEX\x01":               ForeignIndex,
		"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n": ForeignLFS,
		"<!DOCTYPE html>\n<title>404</title>":                                   ForeignHTML,
		"\r\n\ufeff<HTML lang=en>":                                              ForeignHTML,
		"{\"message\":\"Not Found\"}":                                           ForeignText,
		"hello\n":                                                               ForeignText,
		"<?xml version=\"1.0\"?><Error/>":                                       ForeignText,
		strings.Repeat("x", 511) + "é":                                          ForeignText,
		"Stra\xdfe":                                                             ForeignUnknown,
		"\x8b\x03\x80hello\n\x03":                                               ForeignUnknown, // brotli
		"\x00\x00\x00":                                                          ForeignUnknown,
	} {
		if got := Recognize([]byte(head)); got != want {
			t.Errorf("%.20q: %q, want %q", head, got, want)
		}
	}
}

// TestForeignIsNotArchive: ReadTrailer says what it has read instead of an archive.
func TestForeignIsNotArchive(t *testing.T) {
	for _, head := range []string{"", "PK\x03\x04rest", "hello", "\x1f\x8b\x08rest of a gzip stream"} {
		_, err := ReadTrailer(strings.NewReader(head), int64(len(head)))
		var kind Foreign
		if !errors.As(err, &kind) || kind != Recognize([]byte(head)) || !errors.Is(err, ErrNotArchive) {
			t.Errorf("%q: %v", head, err)
		}
	}
}
