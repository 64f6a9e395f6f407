package plan

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// SaveName returns the name to save a file under: control characters, line and paragraph
// separators, those that change the direction of text, and what is not UTF-8 become "_". Otherwise
// a terminal could run a part of a name, or a reader see another one.
func SaveName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError ||
			unicode.Is(unicode.Bidi_Control, r) {
			return '_'
		}
		return r
	}, name)
}
