package format

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable returns name as it may stand in a line of an error: quoted, Go fashion, where it holds
// control characters or is not UTF-8, else as it is.
func Printable(name string) string {
	if utf8.ValidString(name) && strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return name
	}
	return strconv.Quote(name)
}
