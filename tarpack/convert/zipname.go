package convert

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"unicode/utf8"
)

const zipUTF8 = 0x800 // a bit of the general purpose flags

// zipName returns the name of an entry, with slashes where programs on MS-DOS and Windows have
// written backslashes.
func (c *converter) zipName(zf *zip.File) (string, error) {
	name, raw := zf.Name, false
	if s, ok := zipUnicodeName(zf); ok {
		name = s
	} else if zf.Flags&zipUTF8 == 0 && c.o.ZipEncoding != nil {
		s, err := c.o.ZipEncoding.NewDecoder().String(name)
		if err != nil || strings.ContainsRune(s, utf8.RuneError) {
			return "", errors.New("a name that is not in the encoding of names")
		}
		name = s
	} else {
		raw = !utf8.ValidString(name)
	}
	switch zf.CreatorVersion >> 8 {
	case zipFAT, zipOS2, zipNTFS, zipInfoNT, zipVFAT:
	default:
		return name, nil
	}
	if !raw {
		return strings.ReplaceAll(name, `\`, "/"), nil
	}
	// In Shift-JIS and GBK a backslash may be the second byte of a character, after one over 0x80.
	b := []byte(name)
	for i := range b {
		if b[i] == '\\' && (i == 0 || b[i-1] < 0x80) {
			b[i] = '/'
		}
	}
	return string(b), nil
}

// zipUnicodeName returns the name in the Unicode Path field, which holds a version, the CRC-32 of
// the name in the header, and the name in UTF-8. It counts only if the CRC-32 is right.
func zipUnicodeName(zf *zip.File) (string, bool) {
	b := zipExtra(zf.Extra, zipUnicodePath)
	if len(b) < 6 || b[0] != 1 || !utf8.Valid(b[5:]) ||
		binary.LittleEndian.Uint32(b[1:]) != crc32.ChecksumIEEE([]byte(zf.Name)) {
		return "", false
	}
	return string(b[5:]), true
}
