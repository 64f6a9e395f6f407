package convert

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// headerOfZip converts a header of archive/zip.
func (c *converter) headerOfZip(zf *zip.File) (format.Header, error) {
	name, err := c.zipName(zf)
	if err != nil {
		return format.Header{}, err
	}
	p, err := cleanName(name)
	if err != nil {
		return format.Header{}, err
	}
	c.noteAbsolute(name)
	mode := zipMode(zf, strings.HasSuffix(name, "/"))
	if mode.IsDir() && zf.UncompressedSize64 > 0 {
		if strings.HasSuffix(name, "/") {
			return format.Header{}, errors.New("a directory with content")
		}
		mode &^= fs.ModeDir // as in Info-ZIP, where only the name makes a directory
	}
	if zf.UncompressedSize64 > 0 && !strings.HasSuffix(name, "/") {
		// Info-ZIP's zip marks standard input as a FIFO, and unzip extracts a file.
		mode &^= fs.ModeNamedPipe | fs.ModeSocket | fs.ModeDevice | fs.ModeCharDevice
	}
	h := format.Header{Path: p, Mode: format.UnixMode(mode), ModTime: zf.Modified.Unix()}
	c.setZipOwner(&h, zf)
	switch {
	case mode.IsDir():
		h.Type = sidecar.TypeDir
	case mode&fs.ModeSymlink != 0:
		h.Type, h.Mode = sidecar.TypeSymlink, format.LinkMode
	case mode.IsRegular():
		h.Type, h.Size = sidecar.TypeFile, int64(zf.UncompressedSize64)
	default:
		return format.Header{}, fmt.Errorf("an entry of the type %v", mode.Type())
	}
	if p == "" {
		if h.Type == sidecar.TypeDir {
			return format.Header{}, errNoEntry
		}
		return format.Header{}, errors.New("a name that is empty")
	}
	return h, nil
}

// Systems that make zips (APPNOTE, section 4.4.2, and Info-ZIP's numbers).
const (
	zipFAT     = 0
	zipOS2     = 6
	zipNTFS    = 10 // of APPNOTE
	zipInfoNT  = 11 // NTFS of Info-ZIP
	zipVFAT    = 14
	zipDirAttr = 0x10 // MS-DOS attributes
	zipRO      = 0x01
)

// hasUnixMode holds the systems whose zips have Unix modes, as in Info-ZIP's unzip: VMS, Unix,
// Atari, QDOS, Acorn, BeOS, Tandem, AtheOS and THEOS or macOS (18). 19 is macOS in APPNOTE.
var hasUnixMode = map[uint16]bool{
	2: true, 3: true, 5: true, 12: true, 13: true, 16: true, 17: true, 18: true, 19: true, 30: true,
}

// zipMode returns the mode of an entry. Entries without a Unix mode are 0755 or 0644, without the
// bits for writing if they are read-only. isDir: the name ends in a slash.
func zipMode(zf *zip.File, isDir bool) fs.FileMode {
	unix := zf.ExternalAttrs >> 16
	host := zf.CreatorVersion >> 8
	if unix != 0 && (hasUnixMode[host] || host == zipFAT && isConsistent(zf, isDir)) {
		h := zip.FileHeader{CreatorVersion: 3 << 8, ExternalAttrs: zf.ExternalAttrs}
		mode := h.Mode()
		switch {
		case !isDir || mode.IsDir():
			return mode
		case unix&0xf000 == 0: // permissions without a type
			return mode | fs.ModeDir
		}
		return fs.ModeDir | 0o755
	}
	mode := fs.FileMode(0o644)
	if isDir || zf.ExternalAttrs&zipDirAttr != 0 {
		return fs.ModeDir | 0o755 // the attribute does not keep anybody from writing below it
	}
	if zf.ExternalAttrs&zipRO != 0 {
		mode = 0o444
	}
	return mode
}

// isConsistent reports whether the owner's bits in the Unix mode of an entry from MS-DOS agree with
// the attributes. Such entries are from PKZIP for Unix, and Info-ZIP takes the mode.
func isConsistent(zf *zip.File, isDir bool) bool {
	want := uint32(0o400)
	if zf.ExternalAttrs&zipRO == 0 {
		want |= 0o200
	}
	if isDir || zf.ExternalAttrs&zipDirAttr != 0 {
		want |= 0o100
	}
	return zf.ExternalAttrs>>16&0o700 == want
}

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
