// Package words divides text into words for a text index, and brings them into the form in which
// they are compared: lower case, without accents.
//
//	words.go  Each
//	stem.go   Stem
//
// A word is a run of letters, digits and marks. Han, Hiragana, Katakana, Thai, Lao, Khmer and
// Burmese letters are a word each, because these scripts do not put spaces between words.
package words

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxLen is the length in bytes of the longest word. A longer one is not text that people look for,
// but counts as a word where words are counted.
const MaxLen = 64

// single are the scripts of which each letter is a word.
var single = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai,
	unicode.Lao, unicode.Khmer, unicode.Myanmar}

// Each calls visit with each word of a text, in order: text[start:end], and what it is compared by.
// That is empty for a word longer than MaxLen. It is valid during the call only. Each ends when
// visit returns false.
func Each[T string | []byte](text T, visit func(start, end int, word []byte) bool) {
	var word []byte
	for at := 0; at < len(text); {
		start := at
		word = word[:0]
		for at < len(text) && class(text[at]) != 0 { // most words are ASCII
			word = append(word, class(text[at]))
			at++
		}
		if at < len(text) && text[at] >= utf8.RuneSelf {
			at, word = wide(text, start, word[:0])
		}
		if at == start {
			at++
			continue
		}
		if len(word) == 0 { // marks only, or what is no part of a word
			continue
		}
		if len(word) > MaxLen {
			word = word[:0]
		}
		if !visit(start, at, word) {
			return
		}
	}
}

// class returns the lower case of an ASCII letter or digit, and 0 for any other byte.
func class(c byte) byte {
	switch {
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		return c
	case 'A' <= c && c <= 'Z':
		return c | 0x20
	}
	return 0
}

// wide reads a word with other letters than ASCII from start. It returns where the word ends, and
// appends the word to dst. If no word begins at start, it appends nothing and skips a character.
func wide[T string | []byte](text T, start int, dst []byte) (end int, word []byte) {
	for at := start; ; {
		r, n := decode(text, at)
		switch alone := unicode.IsOneOf(single, r); {
		case at == start && !inWord(r):
			return at + max(n, 1), dst
		case at == start && alone:
			return at + n, appendFolded(dst, r)
		case n == 0 || !inWord(r) || alone:
			return at, dst
		}
		if len(dst) <= MaxLen {
			dst = appendFolded(dst, r)
		}
		at += n
	}
}

// decode returns the character of text at an offset, and its length; 0 at the end.
func decode[T string | []byte](text T, at int) (r rune, n int) {
	var b [utf8.UTFMax]byte
	return utf8.DecodeRune(b[:copy(b[:], text[at:])])
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
}

// appendFolded appends r in lower case and without accents. Of compatible forms, such as ligatures
// and letters of full width, it appends the plain ones.
func appendFolded(dst []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		return append(dst, class(byte(r)))
	}
	var in [utf8.UTFMax]byte
	var out [64]byte
	n := utf8.EncodeRune(in[:], r)
	for _, c := range string(norm.NFKD.Append(out[:0], in[:n]...)) {
		switch c {
		case 'ß', 'ẞ':
			dst = append(dst, "ss"...)
		default:
			if !unicode.Is(unicode.M, c) && inWord(c) {
				dst = utf8.AppendRune(dst, unicode.ToLower(c))
			}
		}
	}
	return dst
}
