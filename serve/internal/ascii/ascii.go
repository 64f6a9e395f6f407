// Package ascii has the few operations on text that every parser of a request needs. They know
// ASCII alone, as HTTP does, and allocate nothing.
package ascii

import "unsafe"

// UnsafeString returns b as a string without copying it. The string is valid until b changes.
func UnsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Trim returns s without the spaces and tabs around it: optional white space (RFC 9110 §5.6.3).
func Trim[T string | []byte](s T) T {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// EqualFold reports whether s is the word lower, which has no upper-case letters, in any mix of
// cases.
func EqualFold[T string | []byte](s T, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != lower[i] && (c|0x20 != lower[i] || c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
