package convert

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/tarpack/format"
)

// A junk looks for archives in bytes that no reader takes: behind the end of a tar or a zip. Bytes
// without one are left out, as GNU tar and Info-ZIP do. Write never fails.
type junk struct {
	size int64
	tail []byte // the last bytes, which may begin a sign
	err  error  // the first sign of an archive
}

// errHoldsArchive: bytes seem to hold an archive.
var errHoldsArchive = errors.New("bytes that seem to hold an archive but can't be read")

func (j *junk) Write(b []byte) (int, error) {
	n := len(b)
	if j.err == nil {
		if j.size == 0 && len(b) >= format.BlockSize && seemsTarHeader(b) {
			j.found(0, "a damaged tar header")
		}
		j.look(b)
	}
	j.size += int64(n)
	return n, nil
}

func (j *junk) look(b []byte) {
	before := len(j.tail)
	b = append(j.tail, b...)
	for _, s := range signs {
		if i := bytes.Index(b, []byte(s.magic)); i >= 0 {
			j.found(j.size-int64(before)+int64(i), s.about)
		}
	}
	for i := 0; i+format.BlockSize <= len(b); i++ {
		// The checksum of all writers ends in a NUL and a space, or the other way round.
		if end := b[i+154 : i+156]; end[0]|end[1] == ' ' && end[0]&end[1] == 0 && b[i] != 0 &&
			isTarHeader(b[i:]) {
			j.found(j.size-int64(before)+int64(i), "a tar header")
		}
	}
	j.tail = bytes.Clone(b[max(0, len(b)-format.BlockSize+1):])
}

// found remembers the first sign.
func (j *junk) found(at int64, about string) {
	if j.err == nil {
		j.err = fmt.Errorf("%w: %s after %d bytes", errHoldsArchive, about, at)
	}
}

// check returns an error if the bytes seem to hold an archive.
func (j *junk) check() error { return j.err }

// signs are bytes that stand in archives, and hardly ever elsewhere.
var signs = []struct{ magic, about string }{
	{"\x00ustar", "a tar header"}, {"ustar\x0000", "a tar header"}, {"ustar  \x00", "a tar header"},
	{"PK\x03\x04", "a zip"}, {"PK\x05\x06", "a zip"},
	{"\x1f\x8b\x08\x00", "gzip"}, {"\x1f\x8b\x08\x04", "gzip"}, {"\x1f\x8b\x08\x08", "gzip"},
	{"BZh11AY&SY", "bzip2"}, {"BZh61AY&SY", "bzip2"}, {"BZh91AY&SY", "bzip2"},
	{"\xfd7zXZ\x00", "xz"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"\x04\x22\x4d\x18", "lz4"},
	{"7z\xbc\xaf\x27\x1c", "7z"}, {"Rar!\x1a\x07", "rar"}, {"LZIP\x01", "lzip"},
	{"\x89LZO\x00\r\n", "lzop"}, {"070701", "cpio"}, {"070702", "cpio"}, {"!<arch>\n", "ar"},
}

// seemsTarHeader reports whether a block has the form of a tar header, whatever its checksum is:
// its numbers are octal digits.
func seemsTarHeader(b []byte) bool {
	if b[0] == 0 || string(b[257:262]) == "ustar" {
		return b[0] != 0
	}
	for _, at := range [][2]int{{100, 108}, {124, 136}, {136, 148}} {
		field := bytes.Trim(b[at[0]:at[1]], " \x00")
		if len(field) == 0 || len(bytes.Trim(field, "01234567")) > 0 {
			return false
		}
	}
	return true
}
