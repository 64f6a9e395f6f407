// Package natural orders names as people do: file2 comes before file10, and case does not matter.
package natural

import (
	"strings"
	"unicode/utf8"
)

// Key returns a text for a name such that names are in natural order if their keys are in the order
// of bytes. Different names may have the same key, as a1, A1 and a01.
//
// In the key, a number is the digit 0, its length without leading zeros, and its digits. So it
// stays where digits are among other characters, and a longer number comes later. A length takes
// several bytes from 255 on, all but the last one 255.
func Key(name string) string {
	plain := true
	for i := range len(name) {
		c := name[i]
		plain = plain && c < utf8.RuneSelf && !isDigit(c) && (c < 'A' || c > 'Z')
	}
	if plain {
		return name
	}
	name = strings.ToLower(name)
	key := make([]byte, 0, len(name)+8)
	for i := 0; i < len(name); {
		if !isDigit(name[i]) {
			key = append(key, name[i])
			i++
			continue
		}
		begin := i
		for i < len(name) && isDigit(name[i]) {
			i++
		}
		digits := strings.TrimLeft(name[begin:i], "0")
		n := len(digits)
		key = append(key, '0')
		for ; n >= 255; n -= 255 {
			key = append(key, 255)
		}
		key = append(key, byte(n))
		key = append(key, digits...)
	}
	return string(key)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
