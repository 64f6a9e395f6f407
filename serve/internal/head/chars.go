package head

// tokenChar has a 1 for each character of a token (RFC 9110 §5.6.2).
var tokenChar = charset("!#$%&'*+-.^_`|~")

// charset returns a table with a 1 for letters, digits and the characters of more.
func charset(more string) (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = 1
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-0x20] = 1, 1
	}
	for _, c := range more {
		t[c] = 1
	}
	return t
}

// IsToken reports whether s has only characters of a token (RFC 9110 §5.6.2). It may be empty.
func IsToken[T string | []byte](s T) bool {
	ok := uint8(1)
	for i := range len(s) {
		ok &= tokenChar[s[i]]
	}
	return ok == 1
}

// IsValue reports whether s has no control characters but tabs, as in a field value (RFC 9110
// §5.5).
func IsValue[T string | []byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
