package format

import (
	"bytes"
	"compress/gzip"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Foreign is the probable kind of a file that is not an archive. It is an error with a text such as
// "it is a zip".
type Foreign string //nolint:errname // a kind, which is rarely used as an error

// The kinds of Foreign that callers give advice about. Others are formats that tpk does not read.
//
//nolint:errname // kinds, not sentinels
const (
	ForeignEmpty   Foreign = "it is empty"
	ForeignDir     Foreign = "it is a directory"
	ForeignSpecial Foreign = "it is not a regular file"
	ForeignUnknown Foreign = "its format is unknown"
	ForeignGzip    Foreign = "another program wrote this gzip file"
	ForeignGzipped Foreign = "it is a gzip file without a tar in it"
	ForeignZip     Foreign = "it is a zip"
	ForeignTar     Foreign = "it is a tar that is not compressed"
	ForeignXZ      Foreign = "it is compressed with xz"
	ForeignZstd    Foreign = "it is compressed with zstd"
	ForeignBzip2   Foreign = "it is compressed with bzip2"
	ForeignLZ4     Foreign = "it is compressed with lz4"
	ForeignHTML    Foreign = "it is an HTML page"
	ForeignText    Foreign = "it is text"
	ForeignLFS     Foreign = "it is a pointer of Git LFS"
	ForeignIndex   Foreign = "it is the index of an archive"
	ForeignPDF     Foreign = "it is a PDF"
	ForeignPicture Foreign = "it is a picture"
	ForeignProgram Foreign = "it is a program"
	ForeignSQLite  Foreign = "it is a SQLite database"
)

func (f Foreign) Error() string { return string(f) }

// magics are the first bytes of formats (see the file of magic numbers of file(1)).
var magics = []struct {
	bytes string
	kind  Foreign
}{
	{"PK\x03\x04", ForeignZip},
	{"PK\x05\x06", ForeignZip},
	{"\x1f\x8b", ForeignGzip},
	{"\xfd7zXZ\x00", ForeignXZ},
	{"\x28\xb5\x2f\xfd", ForeignZstd},
	{"BZh", ForeignBzip2},
	{"\x04\x22\x4d\x18", ForeignLZ4},
	{"\x02\x21\x4c\x18", ForeignLZ4},
	{"TPKINDEX", ForeignIndex},
	{"version https://git-lfs.github.com/spec/", ForeignLFS},
	{"7z\xbc\xaf\x27\x1c", "it is a 7z archive"},
	{"Rar!\x1a\x07", "it is a RAR archive"},
	{"LZIP", "it is compressed with lzip"},
	{"\x1f\x9d", "it is compressed with compress"},
	{"\x89LZO\x00", "it is compressed with lzop"},
	{"!<arch>\n", "it is an ar archive, such as a .deb package"},
	{"\xed\xab\xee\xdb", "it is an RPM package"},
	{"MSCF", "it is a cabinet"},
	{"xar!", "it is a xar archive"},
	{"hsqs", "it is a SquashFS image"},
	{"070701", "it is a cpio archive"},
	{"070707", "it is a cpio archive"},
	{"\xc7\x71", "it is a cpio archive"},
	{"\x7fELF", ForeignProgram},
	{"%PDF-", ForeignPDF},
	{"\x89PNG\r\n", ForeignPicture},
	{"\xff\xd8\xff", ForeignPicture},
	{"SQLite format 3\x00", ForeignSQLite},
}

// Recognize returns the probable kind of a file. head is its first 512 bytes or all of it.
func Recognize(head []byte) Foreign {
	head = head[:min(len(head), BlockSize)]
	if len(head) == 0 {
		return ForeignEmpty
	}
	if len(head) == BlockSize && string(head[257:262]) == "ustar" {
		return ForeignTar
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			return m.kind
		}
	}
	if !isText(head) {
		return ForeignUnknown
	}
	start := strings.ToLower(strings.TrimLeft(string(head), "\ufeff \t\r\n"))
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body"} {
		if strings.HasPrefix(start, tag) {
			return ForeignHTML
		}
	}
	return ForeignText
}

// recognizeGzip returns ForeignGzipped if the gzip file that begins with head holds no tar, and
// ForeignGzip if it does or if head is not enough to know.
func recognizeGzip(head []byte) Foreign {
	z, err := gzip.NewReader(bytes.NewReader(head))
	if err != nil {
		return ForeignGzip
	}
	block, err := io.ReadAll(io.LimitReader(z, BlockSize))
	if err != nil {
		return ForeignGzip
	}
	if len(block) == BlockSize {
		// The field of the checksum in any tar header, or the block of zeros at the end of a tar.
		sum := bytes.Trim(block[148:156], " \x00")
		_, err := strconv.ParseUint(string(sum), 8, 32)
		if err == nil || len(bytes.Trim(block, "\x00")) == 0 {
			return ForeignGzip
		}
	}
	return ForeignGzipped
}

// isText reports whether the beginning of a file is UTF-8 without control characters other than
// those of text. The last character may be cut off.
func isText(head []byte) bool {
	for i := 0; i < len(head); {
		if c := head[i]; c < ' ' && (c < '\t' || c > '\r') && c != '\x1b' {
			return false
		}
		r, n := utf8.DecodeRune(head[i:])
		if r == utf8.RuneError && n == 1 {
			return len(head) == BlockSize && !utf8.FullRune(head[i:])
		}
		i += n
	}
	return true
}
