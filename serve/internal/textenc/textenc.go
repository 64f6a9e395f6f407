// Package textenc detects the encoding of text, and decodes it. Pages that show text, compare it or
// render it all read it this way. Names of encodings are those of the WHATWG's Encoding Standard.
package textenc

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// Names of encodings (https://encoding.spec.whatwg.org/#names-and-labels).
const (
	UTF8        = "utf-8"
	UTF16LE     = "utf-16le"
	UTF16BE     = "utf-16be"
	Windows1252 = "windows-1252" // includes ISO 8859-1; of text that declares no other
)

const bom = "\ufeff" // the byte order mark

// labels are names for people.
var labels = map[string]string{UTF16LE: "UTF-16 LE", UTF16BE: "UTF-16 BE",
	Windows1252: "Windows-1252"}

// Label returns the name of an encoding for people. For text b in UTF-8 it includes whether there
// is a byte order mark.
func Label(b []byte, name string) string {
	if name == UTF8 && bytes.HasPrefix(b, []byte(bom)) {
		return "UTF-8, BOM"
	}
	if label := labels[name]; label != "" {
		return label
	}
	return strings.ToUpper(name)
}

// Detect returns the encoding of the beginning of a text, or "" if it is not text. cut means that
// more follows. The media type is that of the content; it is asked for the encoding that HTML, XML
// and the like declare themselves.
func Detect(b []byte, cut bool, media string) string {
	switch {
	case bytes.HasPrefix(b, []byte(bom)):
		return UTF8
	case bytes.HasPrefix(b, []byte("\xff\xfe\x00\x00")): // UTF-32
		return ""
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return UTF16LE
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return UTF16BE
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return detectUTF16(b)
	}
	if manyControls(b) {
		return ""
	}
	whole := b
	if cut {
		whole = b[:len(b)-partial(b)]
	}
	if utf8.Valid(whole) {
		return UTF8
	}
	if !maybeText(media) {
		return ""
	}
	if name := declared(b, media); name != UTF8 {
		return name
	}
	return Windows1252
}

// maybeText reports whether content of a media type can be text that is not UTF-8. Others that are
// not UTF-8 may be anything.
func maybeText(media string) bool {
	kind, _, _ := strings.Cut(media, ";")
	top, sub, _ := strings.Cut(kind, "/")
	if top == "text" || strings.HasSuffix(sub, "+xml") || strings.HasSuffix(sub, "json") {
		return true
	}
	if top != "application" {
		return false
	}
	switch sub {
	case "pdf", "zip", "gzip", "zstd", "x-xz", "x-bzip2", "x-7z-compressed", "wasm":
		return false
	}
	return true
}

// manyControls reports whether more than a two-hundredth of b are control characters that text has
// only by accident. Terminals' escape sequences begin with 1B.
func manyControls(b []byte) bool {
	n := 0
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\b' && c != 0x1b ||
			c == 0x7f {
			n++
		}
	}
	return n > len(b)/200
}

// partial returns how many bytes at the end of b are the beginning of a character in UTF-8.
func partial(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if utf8.FullRune(b[len(b)-n:]) {
				return 0
			}
			return n
		}
	}
	return 0
}

// detectUTF16 returns the encoding of text in UTF-16 without a byte order mark, or "": in most
// texts, many characters are ASCII, one byte of which is zero.
func detectUTF16(b []byte) string {
	var zeros, controls [2]int
	for i, c := range b {
		if c == 0 {
			zeros[i%2]++
		} else if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			controls[i%2]++
		}
	}
	half := len(b) / 2
	for odd, name := range [2]string{UTF16BE, UTF16LE} {
		if zeros[odd] >= half*2/5 && zeros[1-odd] <= half/50 && controls[1-odd] <= half/50 &&
			half > 1 {
			return name
		}
	}
	return ""
}

// Decode returns b, in the encoding with a name, as UTF-8 without a byte order mark. cut means that
// more follows: then a character that is cut off is left out. Malformed ones become U+FFFD. If the
// name is unknown or empty, b is taken for UTF-8.
func Decode(b []byte, cut bool, name string) string {
	e := encodingOf(name)
	if e == nil || name == UTF8 {
		if cut {
			b = b[:len(b)-partial(b)]
		}
		return strings.TrimPrefix(strings.ToValidUTF8(string(b), "\ufffd"), bom)
	}
	if cut && (name == UTF16LE || name == UTF16BE) {
		b = b[:len(b)-partialUTF16(b, name)]
	}
	out, _, _ := transform.Bytes(e.NewDecoder(), b) // malformed bytes are no error
	return strings.TrimPrefix(string(out), bom)
}

// partialUTF16 is partial for UTF-16.
func partialUTF16(b []byte, name string) int {
	n := len(b) % 2
	high := len(b) - n - 1 // the high byte of the last unit
	if name == UTF16BE {
		high--
	}
	if high >= 0 && b[high]&0xfc == 0xd8 { // the first of two units
		n += 2
	}
	return n
}
