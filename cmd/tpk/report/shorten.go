package report

import (
	"strings"
	"unicode/utf8"
)

// Sizes in bytes. A name in a directory has at most 255 (NAME_MAX), so most paths are shorter than
// longPart.
const (
	longPart = 1024
	longLine = 8192
	shown    = 400 // of each end of a part that is shortened
)

// shorten leaves out the middle of long names. A name is what is between colons and semicolons that
// a space follows.
func shorten(text string) string {
	if len(text) <= longPart {
		return text
	}
	var b strings.Builder
	for len(text) > 0 && b.Len() < longLine {
		n := len(text)
		for _, separator := range []string{": ", "; "} {
			if i := strings.Index(text[:n], separator); i >= 0 {
				n = i + len(separator)
			}
		}
		part := text[:n]
		text = text[n:]
		if len(part) > longPart {
			part = start(part, shown) + "…" + end(part, shown)
		}
		b.WriteString(part)
	}
	if text != "" {
		b.WriteString("…")
	}
	return b.String()
}

// start returns the first n bytes of s, or fewer so as not to cut a character.
func start(s string, n int) string {
	for range utf8.UTFMax {
		if utf8.RuneStart(s[n]) {
			break
		}
		n--
	}
	return s[:n]
}

// end returns the last n bytes of s, or fewer so as not to cut a character.
func end(s string, n int) string {
	s = s[len(s)-n:]
	for range utf8.UTFMax {
		if utf8.RuneStart(s[0]) {
			break
		}
		s = s[1:]
	}
	return s
}
