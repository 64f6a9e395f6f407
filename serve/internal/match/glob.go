package match

import (
	"bytes"
	"unicode/utf8"
)

// glob reports whether a pattern matches all of text. A star stands for any characters, a question
// mark for one. It takes at most the product of their lengths: only the last star is tried again.
func glob(pattern, text []byte) bool {
	// What follows the last star is compared first: most names end in something else than .jpg.
	if i := bytes.LastIndexByte(pattern, '*'); i >= 0 && bytes.IndexByte(pattern[i:], '?') < 0 {
		rest, ok := bytes.CutSuffix(text, pattern[i+1:])
		if !ok {
			return false
		}
		pattern, text = pattern[:i+1], rest
	}
	p, t := 0, 0
	star, again := -1, 0 // the last star, and the place in text from which it is tried next
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			if p == len(pattern)-1 {
				return true
			}
			star, again = p, t
			p++
		case p < len(pattern) && pattern[p] == '?':
			_, n := utf8.DecodeRune(text[t:])
			p, t = p+1, t+n
		case p < len(pattern) && pattern[p] == text[t]:
			p, t = p+1, t+1
		case star >= 0:
			again++
			p, t = star+1, again
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
