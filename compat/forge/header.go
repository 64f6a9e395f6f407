package forge

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// blocks returns the header blocks of an item (FORMAT.md 1.4), even if the item makes no sense.
func (it *Item) blocks() []byte {
	path := it.Path
	if it.Type == Dir {
		path += "/"
	}
	prefix, name, fits := split(path)
	gnu := !fits && !utf8.ValidString(path) || len(it.Link) > 100 && !utf8.ValidString(it.Link)
	var out []byte
	if gnu {
		if len(it.Link) > 100 {
			out = append(out, meta('K', "././@LongLink", gnu, it.Link+"\x00")...)
		}
		if len(path) > 100 {
			out = append(out, meta('L', "././@LongLink", gnu, path+"\x00")...)
		}
		prefix, name = "", path
	} else if records := it.records(path, fits); records != "" {
		out = append(out, meta('x', "././@PaxHeader", gnu, records)...)
	}
	size := int64(0)
	if it.Type == File {
		size = int64(len(it.Content))
	}
	b := make([]byte, block)
	copy(b[0:100], name)
	octal(b[100:108], int64(it.Mode))
	octal(b[108:116], 0)
	octal(b[116:124], 0)
	octal(b[124:136], size)
	octal(b[136:148], it.Time)
	b[156] = "?0521346"[it.Type]
	copy(b[157:257], it.Link)
	if it.Type == Char || it.Type == Block {
		octal(b[329:337], int64(it.Major))
		octal(b[337:345], int64(it.Minor))
	}
	copy(b[345:500], prefix)
	return append(out, finish(b, gnu)...)
}

// records returns the PAX records of an item.
func (it *Item) records(path string, fits bool) string {
	beyond := func(s string) bool {
		return strings.IndexFunc(s,
			func(r rune) bool { return r > 0x7f }) >= 0
	}
	var b strings.Builder
	if utf8.ValidString(it.Link) && (len(it.Link) > 100 || beyond(it.Link)) {
		b.WriteString(PAXRecord("linkpath", it.Link))
	}
	if it.Time < 0 || it.Time >= 1<<33 {
		b.WriteString(PAXRecord("mtime", fmt.Sprint(it.Time)))
	}
	if utf8.ValidString(path) && (!fits || beyond(path)) {
		b.WriteString(PAXRecord("path", path))
	}
	return b.String()
}

// PAXRecord returns a PAX record: its length, a space, key=value and a newline.
func PAXRecord(key, value string) string {
	rest := " " + key + "=" + value + "\n"
	for n := len(rest) + 1; ; n++ {
		if s := fmt.Sprint(n) + rest; len(s) == n {
			return s
		}
	}
}

// split divides a path into prefix and name at the first slash where both fit.
func split(path string) (prefix, name string, fits bool) {
	if len(path) <= 100 {
		return "", path, true
	}
	for i := 1; i <= 155 && i < len(path)-1; i++ {
		if path[i] == '/' && len(path)-i-1 <= 100 {
			return path[:i], path[i+1:], true
		}
	}
	return "", path, false
}

// meta returns a header that describes the next one, with its content.
func meta(typeflag byte, name string, gnu bool, content string) []byte {
	b := make([]byte, block)
	copy(b, name)
	octal(b[100:108], 0o644)
	octal(b[108:116], 0)
	octal(b[116:124], 0)
	octal(b[124:136], int64(len(content)))
	octal(b[136:148], 0)
	b[156] = typeflag
	out := append(finish(b, gnu), content...)
	return append(out, make([]byte, -len(content)&(block-1))...)
}

// octal writes x into a field, as digits and a NUL or in base 256.
func octal(field []byte, x int64) {
	n := len(field) - 1
	if x >= 0 && x>>(3*n) == 0 {
		copy(field, fmt.Sprintf("%0*o\x00", n, x))
		return
	}
	for i := n; i > 0; i-- {
		field[i] = byte(x)
		x >>= 8
	}
	field[0] = 0x80
	if x < 0 {
		field[0] = 0xff
	}
}

func finish(b []byte, gnu bool) []byte {
	magic := "ustar\x0000"
	if gnu {
		magic = "ustar  \x00"
	}
	copy(b[257:], magic)
	Checksum(b)
	return b
}

// Checksum sets the checksum of a header block.
func Checksum(b []byte) {
	copy(b[148:156], "        ")
	sum := 0
	for _, c := range b[:block] {
		sum += int(c)
	}
	copy(b[148:156], fmt.Sprintf("%06o\x00 ", sum))
}
