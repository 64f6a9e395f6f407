package format

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tarpack/tpk/sidecar"
)

// Header is what the tar header blocks of one entry hold (FORMAT.md 1.4).
type Header struct {
	Path    string       // without leading or trailing slash, see sidecar.ValidPath
	Link    string       // text of a symbolic link, target path of a hard link
	Type    sidecar.Type // selects the typeflag
	Mode    uint16       // the low 12 bits; LinkMode if Type is TypeSymlink
	Size    int64        // bytes of content after the header; 0 unless Type is TypeFile
	ModTime int64        // seconds since 1970, from -MaxTime to MaxTime-1
	UID     int          // 0 to MaxOwner
	GID     int
	Uname   string // not written if over 31 bytes
	Gname   string
	// DevMajor and DevMinor, 0 to 2,097,151, are written for devices only.
	DevMajor, DevMinor uint32
}

// Limits of the format (FORMAT.md 1.1, 1.4 and 4).
const (
	MaxHeader = 64 << 10  // bytes of the header blocks of one entry, and of one group
	MaxMember = 1<<16 - 1 // bytes of H or G, as the index has 16 bits for them
	MaxLink   = 16384     // bytes of the target of a symbolic link
	BlockSize = 512       // bytes; a tar consists of such blocks
	MaxOctal7 = 1<<21 - 1 // the largest number in 7 octal digits: device numbers end there
	MaxOwner  = 1<<32 - 2 // of a user or group; the next number means "do not change" to chown
	MaxTime   = 1 << 39   // seconds since 1970; times are before it, and not before its negative
	LinkMode  = 0o777     // the mode of every symbolic link, as on Linux

	maxOctal11  = 1<<33 - 1 // the largest number in 11 octal digits
	maxOwnerLen = 31        // bytes; a uname or gname field ends in NUL
	nameSize    = 100
	prefixSize  = 155
)

// typeflags holds the POSIX typeflag of each sidecar.Type.
var typeflags = map[sidecar.Type]byte{
	sidecar.TypeFile:     tar.TypeReg,
	sidecar.TypeHardlink: tar.TypeLink,
	sidecar.TypeSymlink:  tar.TypeSymlink,
	sidecar.TypeChar:     tar.TypeChar,
	sidecar.TypeBlock:    tar.TypeBlock,
	sidecar.TypeDir:      tar.TypeDir,
	sidecar.TypeFIFO:     tar.TypeFifo,
}

// AppendHeader appends the canonical header blocks of h to dst. It fails like Check, and then
// returns dst.
//
// It does not use archive/tar, which leaves names beyond ASCII out of the ustar fields. Readers
// without PAX, such as busybox, need them there.
func AppendHeader(dst []byte, h *Header) ([]byte, error) {
	if err := h.Check(); err != nil {
		return dst, err
	}
	return h.appendBlocks(dst), nil
}

// appendBlocks is AppendHeader for a header that was checked.
func (h *Header) appendBlocks(dst []byte) []byte {
	path := h.Path
	if h.Type == sidecar.TypeDir {
		path += "/"
	}
	prefix, name, pathFits := splitPath(path)
	linkFits := len(h.Link) <= nameSize
	gnu := !pathFits && !utf8.ValidString(path) || !linkFits && !utf8.ValidString(h.Link)
	if gnu {
		if len(h.Link) > nameSize {
			dst = appendLong(dst, tar.TypeGNULongLink, h.Link)
		}
		if len(path) > nameSize {
			dst = appendLong(dst, tar.TypeGNULongName, path)
		}
		prefix, name = "", path
	} else if records := h.paxRecords(path, pathFits, linkFits); len(records) > 0 {
		dst = appendMeta(dst, tar.TypeXHeader, "././@PaxHeader", false, records)
	}

	dst, b := appendBlock(dst)
	copy(b[0:nameSize], name)
	putNumber(b[100:108], int64(h.Mode))
	putNumber(b[108:116], int64(h.UID))
	putNumber(b[116:124], int64(h.GID))
	putNumber(b[124:136], h.Size)
	putNumber(b[136:148], h.ModTime)
	b[156] = typeflags[h.Type]
	copy(b[157:257], h.Link)
	putMagic(b, gnu)
	if len(h.Uname) <= maxOwnerLen {
		copy(b[265:297], h.Uname)
	}
	if len(h.Gname) <= maxOwnerLen {
		copy(b[297:329], h.Gname)
	}
	if h.Type == sidecar.TypeChar || h.Type == sidecar.TypeBlock {
		putNumber(b[329:337], int64(h.DevMajor))
		putNumber(b[337:345], int64(h.DevMinor))
	}
	copy(b[345:500], prefix)
	putChecksum(b)
	return dst
}

// Check returns an error that names the path if h breaks a rule or a limit of the format (FORMAT.md
// 1.1 and 4).
func (h *Header) Check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: %w", Printable(h.Path), fmt.Errorf(format, args...))
	}
	if err := sidecar.ValidPath(h.Path); err != nil {
		return fail("%w", err)
	}
	if _, ok := typeflags[h.Type]; !ok {
		return fail("entry type %d is unknown", h.Type)
	}
	switch h.Type {
	case sidecar.TypeHardlink:
		if err := sidecar.ValidPath(h.Link); err != nil {
			return fail("link target %s: %w", Printable(h.Link), err)
		}
	case sidecar.TypeSymlink:
		if h.Link == "" || len(h.Link) > MaxLink || strings.IndexByte(h.Link, 0) >= 0 {
			return fail("the link target must have 1 to %d bytes and no NUL", MaxLink)
		}
	default:
		if h.Link != "" {
			return fail("a %s has no link target", h.Type)
		}
	}
	switch {
	case h.Size < 0 || h.Size >= 1<<48 || h.Size != 0 && h.Type != sidecar.TypeFile:
		return fail("size %d is out of range", h.Size)
	case h.ModTime < -MaxTime || h.ModTime >= MaxTime:
		return fail("modification time %d is out of range", h.ModTime)
	case h.Mode > 0o7777:
		return fail("mode %o is out of range", h.Mode)
	case h.Mode != LinkMode && h.Type == sidecar.TypeSymlink:
		return fail("mode %o of a symbolic link is not %o", h.Mode, LinkMode)
	case h.UID < 0 || int64(h.UID) > MaxOwner || h.GID < 0 || int64(h.GID) > MaxOwner:
		return fail("owner %d:%d is out of range", h.UID, h.GID)
	case h.DevMajor > MaxOctal7 || h.DevMinor > MaxOctal7:
		return fail("device number %d:%d is out of range", h.DevMajor, h.DevMinor)
	case strings.IndexByte(h.Uname, 0) >= 0 || strings.IndexByte(h.Gname, 0) >= 0:
		return fail("the owner's name has a NUL byte")
	}
	return nil
}

// paxRecords returns the PAX records that h needs in addition to its ustar block, in the order of
// FORMAT.md 1.4.
func (h *Header) paxRecords(path string, pathFits, linkFits bool) []byte {
	var r []byte
	number := func(key string, x int64, max int64) {
		if x < 0 || x > max {
			r = appendRecord(r, key, fmt.Sprint(x))
		}
	}
	number("gid", int64(h.GID), MaxOctal7)
	if utf8.ValidString(h.Link) && (!linkFits || !isASCII(h.Link)) {
		r = appendRecord(r, "linkpath", h.Link)
	}
	number("mtime", h.ModTime, maxOctal11)
	if utf8.ValidString(path) && (!pathFits || !isASCII(path)) {
		r = appendRecord(r, "path", path)
	}
	number("size", h.Size, maxOctal11)
	number("uid", int64(h.UID), MaxOctal7)
	return r
}

// splitPath divides path into the ustar fields prefix and name. If it does not fit, name is the
// whole path.
func splitPath(path string) (prefix, name string, fits bool) {
	if len(path) <= nameSize {
		return "", path, true
	}
	// The name begins after a slash and has at most 100 bytes. A directory's name is more than its
	// final slash.
	start := len(path) - nameSize - 1
	i := strings.IndexByte(path[start:len(path)-1], '/')
	if i < 0 || start+i > prefixSize {
		return "", path, false
	}
	return path[:start+i], path[start+i+1:], true
}

// ParseHeader reads the header of the first entry in blocks and returns it with its number of
// bytes.
//
// It refuses a header that differs in any byte from what AppendHeader makes of it, with ErrCorrupt.
// So what it accepts has only one meaning.
func ParseHeader(blocks []byte) (Header, int, error) { return parseHeader(blocks, false) }

// ParseDraftHeader is ParseHeader for a draft of the format, in which a symbolic link could have
// any mode. The header that it returns has LinkMode.
func ParseDraftHeader(blocks []byte) (Header, int, error) { return parseHeader(blocks, true) }

func parseHeader(blocks []byte, draft bool) (Header, int, error) {
	r := bytes.NewReader(blocks)
	th, err := tar.NewReader(r).Next()
	if err != nil {
		return Header{}, 0, fmt.Errorf("%w: tar header: %w", ErrCorrupt, err)
	}
	n := len(blocks) - r.Len()
	h := Header{
		Path: th.Name, Link: th.Linkname, Mode: uint16(th.Mode), Size: th.Size,
		ModTime: th.ModTime.Unix(),
		UID:     th.Uid, GID: th.Gid, Uname: th.Uname, Gname: th.Gname,
	}
	for t, flag := range typeflags {
		if flag == th.Typeflag {
			h.Type = t
		}
	}
	switch h.Type {
	case sidecar.TypeDir:
		h.Path = strings.TrimSuffix(h.Path, "/")
	case sidecar.TypeChar, sidecar.TypeBlock:
		h.DevMajor, h.DevMinor = uint32(th.Devmajor), uint32(th.Devminor)
	}
	mode := h.Mode
	if draft && h.Type == sidecar.TypeSymlink {
		h.Mode = LinkMode
	}
	if err := h.Check(); err != nil {
		return Header{}, 0, fmt.Errorf("%w: tar header: %w", ErrCorrupt, err)
	}
	written := h
	written.Mode = mode
	if !bytes.Equal(written.appendBlocks(make([]byte, 0, n)), blocks[:n]) {
		return Header{}, 0, fmt.Errorf("%w: the tar header of %s is not written as tpk writes it",
			ErrCorrupt, Printable(h.Path))
	}
	return h, n, nil
}

// Padding returns the number of zero bytes, 0 to 511, that follow size bytes of content in a tar.
func Padding(size int64) int { return int(-size & (BlockSize - 1)) }

// appendBlock appends a zero block and returns it for filling in.
func appendBlock(dst []byte) ([]byte, []byte) {
	var zero [BlockSize]byte
	dst = append(dst, zero[:]...)
	return dst, dst[len(dst)-BlockSize:]
}

// appendLong appends a GNU long name (L) or long link (K) header with its content.
func appendLong(dst []byte, typeflag byte, s string) []byte {
	return appendMeta(dst, typeflag, "././@LongLink", true, append([]byte(s), 0))
}

// appendMeta appends a header that describes the next one, and its content, padded to a whole
// block.
func appendMeta(dst []byte, typeflag byte, name string, gnu bool, content []byte) []byte {
	dst, b := appendBlock(dst)
	copy(b, name)
	putNumber(b[100:108], 0o644)
	putNumber(b[108:116], 0)
	putNumber(b[116:124], 0)
	putNumber(b[124:136], int64(len(content)))
	putNumber(b[136:148], 0)
	b[156] = typeflag
	putMagic(b, gnu)
	putChecksum(b)
	dst = append(dst, content...)
	return append(dst, make([]byte, Padding(int64(len(content))))...)
}

// appendRecord appends a PAX record, "length key=value\n". The length includes its own digits.
func appendRecord(dst []byte, key, value string) []byte {
	n := len(key) + len(value) + len(" =\n")
	size := n + len(fmt.Sprint(n))
	size = n + len(fmt.Sprint(size))
	return fmt.Appendf(dst, "%d %s=%s\n", size, key, value)
}

// putNumber fills a numeric field with octal digits and a NUL, or in base 256 if the digits don't
// suffice.
func putNumber(field []byte, x int64) {
	digits := len(field) - 1
	if x >= 0 && x < 1<<(3*digits) {
		field[digits] = 0
		for i := digits - 1; i >= 0; i-- {
			field[i] = '0' + byte(x&7)
			x >>= 3
		}
		return
	}
	sign := byte(0x80)
	if x < 0 {
		sign = 0xff
	}
	for i := len(field) - 1; i > 0; i-- {
		field[i] = byte(x)
		x >>= 8
	}
	field[0] = sign
}

// putMagic fills magic and version of a header in the gnu or the pax flavour.
func putMagic(b []byte, gnu bool) {
	if gnu {
		copy(b[257:], "ustar  \x00")
	} else {
		copy(b[257:], "ustar\x0000")
	}
}

// putChecksum fills the checksum field: the sum of all bytes of b, counting the field itself as
// spaces.
func putChecksum(b []byte) {
	field := b[148:156]
	copy(field, "        ")
	sum := int64(0)
	for _, c := range b {
		sum += int64(c)
	}
	putNumber(field[:7], sum)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
