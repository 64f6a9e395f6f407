package convert

import (
	"archive/zip"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strings"
	"unicode/utf8"

	"encoding/binary"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// headerOfZip converts a header of archive/zip.
func (c *converter) headerOfZip(zf *zip.File) (format.Header, error) {
	name, err := c.zipName(zf)
	if err != nil {
		return format.Header{}, err
	}
	c.noteAbsolute(name)
	p, err := cleanName(name)
	if err != nil {
		return format.Header{}, err
	}
	mode := zipMode(zf, strings.HasSuffix(name, "/"))
	h := format.Header{Path: p, Mode: format.UnixMode(mode), ModTime: zf.Modified.Unix()}
	if uid, gid, ok := zipOwner(zf.Extra); ok {
		if uid <= format.MaxOctal7 && gid <= format.MaxOctal7 {
			h.UID, h.GID = int(uid), int(gid)
		} else {
			c.lost++
		}
	}
	switch {
	case mode.IsDir():
		h.Type = sidecar.TypeDir
	case mode&fs.ModeSymlink != 0:
		h.Type = sidecar.TypeSymlink
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
// Atari, QDOS, Acorn, BeOS, Tandem, macOS and AtheOS.
var hasUnixMode = map[uint16]bool{
	2: true, 3: true, 5: true, 12: true, 13: true, 16: true, 17: true, 19: true, 30: true,
}

// zipMode returns the mode of an entry. Entries without a Unix mode are 0755 or 0644, without the
// bits for writing if they are read-only. isDir: the name ends in a slash.
func zipMode(zf *zip.File, isDir bool) fs.FileMode {
	if unix := zf.ExternalAttrs >> 16; unix != 0 && hasUnixMode[zf.CreatorVersion>>8] {
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

// Tags of extra fields.
const (
	zipUnicodePath = 0x7075 // of Info-ZIP, APPNOTE section 4.6.9
	zipUnixOwner   = 0x7875 // "ux" of Info-ZIP
)

// zipExtra returns the extra field with the tag, or nil.
func zipExtra(b []byte, tag uint16) []byte {
	for len(b) >= 4 {
		n := int(binary.LittleEndian.Uint16(b[2:]))
		if len(b) < 4+n {
			return nil
		}
		if binary.LittleEndian.Uint16(b) == tag {
			return b[4 : 4+n]
		}
		b = b[4+n:]
	}
	return nil
}

// zipOwner returns the owner in the field "ux": a version, and two numbers, each with its length.
func zipOwner(extra []byte) (uid, gid uint64, ok bool) {
	b := zipExtra(extra, zipUnixOwner)
	if len(b) < 1 || b[0] != 1 {
		return 0, 0, false
	}
	b = b[1:]
	for _, to := range []*uint64{&uid, &gid} {
		if len(b) < 1 || int(b[0]) > 8 || len(b) < 1+int(b[0]) {
			return 0, 0, false
		}
		n := int(b[0])
		for i := n; i > 0; i-- {
			*to = *to<<8 | uint64(b[i])
		}
		b = b[1+n:]
	}
	return uid, gid, true
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
