package convert

import (
	"archive/tar"
	"fmt"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
)

// isTarHeader reports whether a block has the checksum of a tar header.
func isTarHeader(b []byte) bool {
	want, ok := tarNumber(b[148:156])
	unsigned, signed := tarSums(b)
	return ok && (want == unsigned || want == signed)
}

// hasTarSize reports whether a header has a size. Without it, nothing shows where the next header
// is. GNU tar doesn't read the size of a hard link.
func hasTarSize(b []byte) bool {
	size, ok := tarNumber(b[124:136])
	return ok && size >= 0 || b[156] == tar.TypeLink
}

// tarSums returns the checksum of a header. Some old programs summed up signed bytes.
func tarSums(b []byte) (unsigned, signed int64) {
	for i, c := range b[:format.BlockSize] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	return unsigned, signed
}

// tarNumber parses a numeric field: octal digits, or the base-256 of GNU tar if its top bit is set.
// Like GNU tar, it ignores what follows a space or NUL behind the digits.
func tarNumber(b []byte) (int64, bool) {
	if b[0]&0x80 == 0 {
		s := octalDigits(b)
		if s == "" {
			return 0, true
		}
		n, err := strconv.ParseUint(s, 8, 63)
		return int64(n), err == nil
	}
	var invert byte // of a negative number
	if b[0]&0x40 != 0 {
		invert = 0xff
	}
	n := int64((b[0] ^ invert) & 0x7f)
	for _, c := range b[1:] {
		if n >= 1<<55 {
			return 0, false
		}
		n = n<<8 | int64(c^invert)
	}
	if invert != 0 {
		n = ^n
	}
	return n, true
}

func octalDigits(b []byte) string {
	s := strings.TrimLeft(string(b), " \x00")
	if end := strings.IndexAny(s, " \x00"); end >= 0 {
		s = s[:end]
	}
	return s
}

// A tarField is a numeric field of a header.
type tarField struct {
	at, end int
	key     string // of the PAX record that replaces it, if there can be one
	value   int64  // that an entry gets if the field can't be read
	instead string // names this value
}

// noTime is the time of an entry whose time can't be read, as in GNU tar.
const (
	noTime     = -1
	noTimeText = "the time 1969-12-31T23:59:59Z"
)

// tarFields have the time that GNU tar takes as well, and a safe mode: GNU tar's has all bits set.
// Device numbers can't be replaced: -1 is refused, and only for a device.
var tarFields = []tarField{
	{100, 108, "", 0o700, "the mode 0700"},
	{108, 116, "uid", 0, "the owner 0"},
	{116, 124, "gid", 0, "the group 0"},
	{124, 136, "size", 0, ""}, // can only be lost by a hard link, which needs none
	{136, 148, "mtime", noTime, noTimeText},
	{329, 337, "", -1, ""},
	{337, 345, "", -1, ""},
}

// mendNumbers makes the numbers of a header such that archive/tar can read them, and returns the
// fields that get another value.
func mendNumbers(b []byte) (lost []tarField) {
	fields := tarFields
	if string(b[257:262]) != "ustar" {
		fields = fields[:5] // there are no others
	}
	changed := false
	for _, f := range fields {
		field := b[f.at:f.end]
		n, ok := tarNumber(field)
		switch {
		case !ok || f.key == "size" && n < 0:
			n = f.value
			if f.instead != "" {
				lost = append(lost, f)
			}
		case field[0]&0x80 != 0 || octalDigits(field) == strings.Trim(string(field), " \x00"):
			continue
		}
		putTarNumber(field, n)
		changed = true
	}
	if changed {
		clear(b[148:156])
		sum, _ := tarSums(b)
		putTarNumber(b[148:156], sum)
	}
	return lost
}

// putTarNumber writes n, which is at least -1, to a field.
func putTarNumber(field []byte, n int64) {
	if n < 0 {
		for i := range field {
			field[i] = 0xff
		}
		return
	}
	copy(field, fmt.Sprintf("%0*o\x00", len(field)-1, n))
}
