package forge

import (
	"bytes"
	"regexp"
	"unicode/utf8"
)

// rows are the rows of FORMAT.md 2.3 with a pattern: those for the first bytes, then those for
// text.
var rows = []struct {
	value   byte
	pattern *regexp.Regexp
}{
	{1, regexp.MustCompile(`(?s-i)^%PDF-`)},
	{2, regexp.MustCompile(`(?s-i)^\x89PNG\r\n\x1a\n`)},
	{4, regexp.MustCompile(`(?s-i)^GIF8[79]a`)},
	{5, regexp.MustCompile(`(?s-i)^RIFF....WEBPVP`)},
	{6, regexp.MustCompile(`(?s-i)^RIFF....WAVE`)},
	{7, regexp.MustCompile(`(?s-i)^....ftyp`)},
	{9, regexp.MustCompile(`(?s-i)^OggS\x00`)},
	{10, regexp.MustCompile(`(?s-i)^ID3`)},
	{12, regexp.MustCompile(`(?s-i)^PK\x03\x04`)},
	{13, regexp.MustCompile(`(?s-i)^\x00asm\x01\x00\x00\x00`)},
	{14, regexp.MustCompile(`(?s-i)^wOFF`)},
	{15, regexp.MustCompile(`(?s-i)^wOF2`)},
	{16, regexp.MustCompile(`(?s-i)^\x00\x00\x01\x00`)},
	{17, regexp.MustCompile(`(?s-i)^BM.*[\x00-\x08]`)},
	{18, regexp.MustCompile(`[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]`)},
	{19, regexp.MustCompile(`(?i)^[\t\n\f\r ]*<(!doctype html|(html|head|body)[ >])`)},
	{20, regexp.MustCompile(`(?si)^[\t\n\f\r ]*(<svg|<\?xml.*<svg)`)},
	{21, regexp.MustCompile(`(?si)^[\t\n\f\r ]*<\?xml`)},
}

// prefixes are the rows whose bytes are not characters.
var prefixes = map[byte]string{3: "\xff\xd8\xff", 8: "\x1a\x45\xdf\xa3", 11: "\x1f\x8b\x08"}

// sniff returns the row of content that begins with b. Regular expressions match characters, so
// each byte becomes a character.
func sniff(b []byte) byte {
	chars := make([]rune, len(b))
	for i, c := range b {
		chars[i] = rune(c)
	}
	s := string(chars)
	text := string([]rune(string(chars[len(chars)-len(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))):])))
	best := byte(22)
	for value, p := range prefixes {
		if bytes.HasPrefix(b, []byte(p)) && value < best {
			best = value
		}
	}
	for _, r := range rows {
		subject := s
		if r.value >= 19 {
			subject = text
		}
		if r.value < best && r.pattern.MatchString(subject) {
			best = r.value
			break
		}
	}
	if best >= 19 && validPrefix(b) {
		best |= 1 << 7
	}
	return best
}

// validPrefix reports whether b is UTF-8, apart from a character that the limit of 512 bytes has
// cut.
func validPrefix(b []byte) bool {
	cut := len(b) == 512
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return cut && !utf8.FullRune(b)
		}
		b = b[n:]
	}
	return true
}
