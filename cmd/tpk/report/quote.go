package report

import (
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote returns a name on one line, as GNU tar and `ls --escape` print it. A backslash is doubled,
// except on Windows, where it stands between directories. Every byte that is not part of a
// printable character becomes \n, \t and the like, or \ooo. So no name can forge a second line,
// move the cursor or recolour a terminal.
func Quote(name string) string {
	if isPlain(name) {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		r, n := utf8.DecodeRuneInString(name)
		switch {
		case r == '\\':
			b.WriteString(backslash)
		case unicode.IsPrint(r) && (r != utf8.RuneError || n > 1):
			b.WriteString(name[:n])
		default:
			for _, c := range []byte(name[:n]) {
				writeEscaped(&b, c)
			}
		}
		name = name[n:]
	}
	return b.String()
}

// backslash is what Quote makes of one.
var backslash = map[bool]string{true: `\`, false: `\\`}[runtime.GOOS == "windows"]

// isPlain reports whether a name needs no quoting. It saves most names an allocation.
func isPlain(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

// writeEscaped writes one byte as \n, \t and the like, or as \ooo.
func writeEscaped(b *strings.Builder, c byte) {
	if i := strings.IndexByte("\a\b\t\n\v\f\r", c); i >= 0 {
		b.WriteByte('\\')
		b.WriteByte("abtnvfr"[i])
		return
	}
	b.WriteByte('\\')
	for shift := 6; shift >= 0; shift -= 3 {
		b.WriteByte('0' + c>>shift&7)
	}
}
