package words

import "github.com/kljensen/snowball/english"

// Stem returns the stem of an English word, as Each returns words: "connect" for "connections". A
// word that has other characters than ASCII letters is its own stem.
func Stem(word string) string {
	if len(word) < 3 {
		return word
	}
	for _, c := range []byte(word) {
		if c < 'a' || c > 'z' {
			return word
		}
	}
	return english.Stem(word, true)
}

// StemPrefix returns with what all words begin that have a stem. English stems differ from the
// beginning of their words in the last letter at most: "happi" is the stem of "happy".
func StemPrefix(stem string) string {
	if len(stem) <= 2 {
		return stem
	}
	return stem[:len(stem)-1]
}
