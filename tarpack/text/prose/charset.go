package prose

import (
	"bytes"
	"unicode/utf8"
)

// toUTF8 returns content in UTF-8. If it is in no other encoding that is known, what is not UTF-8
// becomes U+FFFD.
func toUTF8(kind Kind, content []byte) []byte {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if utf8.Valid(content) || kind == None {
		return content
	}
	if n := len(content); n == MaxRead { // the last character may be cut off
		for k := 1; k < utf8.UTFMax; k++ {
			if utf8.Valid(content[:n-k]) {
				return content[:n-k]
			}
		}
	}
	mediaType := "text/plain"
	if kind == HTML {
		mediaType = "text/html"
	}
	if out, err := decode(content, mediaType); err == nil && utf8.Valid(out) {
		return bytes.TrimPrefix(out, []byte("\ufeff"))
	}
	return bytes.ToValidUTF8(content, []byte("\ufffd"))
}
