package textdiff

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Encodings that Decode detects, by their names for people.
const (
	UTF8    = "UTF-8"
	UTF8BOM = "UTF-8, BOM"
	UTF16LE = "UTF-16 LE"
	UTF16BE = "UTF-16 BE"
	Latin1  = "Windows-1252"
)

// Decode returns the text of a file in UTF-8, and its encoding. That is "" if the file is no text.
// Text that is neither UTF-8 nor UTF-16 is taken for Windows-1252, which has all of ISO 8859-1.
func Decode(content []byte) (text, encoding string) {
	if rest, ok := bytes.CutPrefix(content, []byte("\ufeff")); ok && utf8.Valid(rest) {
		return string(rest), UTF8BOM
	}
	if e := utf16(content); e != "" {
		endian := unicode.LittleEndian
		if e == UTF16BE {
			endian = unicode.BigEndian
		}
		b, err := unicode.UTF16(endian, unicode.UseBOM).NewDecoder().Bytes(content)
		if err != nil || controls(b) {
			return "", ""
		}
		return string(b), e
	}
	if controls(content) {
		return "", ""
	}
	if utf8.Valid(content) {
		return string(content), UTF8
	}
	b, err := charmap.Windows1252.NewDecoder().Bytes(content)
	if err != nil {
		return "", ""
	}
	return string(b), Latin1
}

// utf16 returns the encoding of UTF-16, or "": by its byte order mark, or if nearly every other
// byte is zero, which is so of text in Latin letters.
func utf16(b []byte) string {
	switch {
	case len(b)%2 != 0:
		return ""
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		return UTF16LE
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return UTF16BE
	}
	var zeros [2]int
	head := b[:min(len(b), 1024)]
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch most := len(head) / 2 * 9 / 10; {
	case most > 0 && zeros[1] >= most && zeros[0] == 0:
		return UTF16LE
	case most > 0 && zeros[0] >= most && zeros[1] == 0:
		return UTF16BE
	}
	return ""
}

// controls reports whether bytes have control characters that no text has.
func controls(b []byte) bool {
	return bytes.ContainsFunc(b, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f' && r != '\v' &&
			r != '\b' && r != 0x1b
	})
}
