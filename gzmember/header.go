package gzmember

import (
	"encoding/binary"
	"fmt"
)

// Sizes in bytes of the parts that every member has.
const (
	HeaderSize        = 10 // without an extra field
	MemberTrailerSize = 8  // CRC-32 and ISIZE
)

// The bytes of a member's header (RFC 1952 §2.3).
const (
	magic0   = 0x1f
	magic1   = 0x8b
	deflate  = 8 // CM
	flgExtra = 1 << 2
	osNone   = 0xff // unknown
)

// subfieldHead is the size of the bytes before the payload in an extra field: XLEN, the subfield's
// id and its length.
const subfieldHead = 2 + 2 + 2

// MaxExtra is the greatest size in bytes of a subfield's payload: XLEN, a u16, counts it and the
// four bytes before it.
const MaxExtra = 1<<16 - 1 - 4

// The kinds of extra field, the first byte of a payload (FORMAT.md §1.2). Other kinds are allowed
// only on members that inflate to nothing.
const (
	KindSegments = 'S' // on P: the segment table of the C before it
	KindGroup    = 'G' // on G: the hard links that tpk made
	KindTrailer  = 'T' // on T: version, number of entries, offset, digest of the sidecar
	KindIndex    = 'I' // on a member of an embedded index: a part of the sidecar
)

// plainHeader is the header of a member without an extra field. Bytes 4 to 7 are the time, byte 8
// is for extra flags.
var plainHeader = [HeaderSize]byte{magic0, magic1, deflate, 0, 0, 0, 0, 0, 0, osNone}

// AppendMemberHeader appends the header of a member: 10 bytes, and an extra field with the payload
// extra unless that is empty. It panics if extra is longer than [MaxExtra].
func AppendMemberHeader(dst, extra []byte) []byte {
	start := len(dst)
	dst = append(dst, plainHeader[:]...)
	if len(extra) == 0 {
		return dst
	}
	if len(extra) > MaxExtra {
		panic(fmt.Sprintf("gzmember: extra field of %d bytes", len(extra)))
	}
	dst[start+3] = flgExtra
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(extra)+4))
	dst = append(dst, 'T', 'P')
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(extra)))
	return append(dst, extra...)
}

// AppendMemberTrailer appends the trailer of a member: the CRC-32 of the content, and its size in
// bytes modulo 2^32.
func AppendMemberTrailer(dst []byte, crc uint32, size int64) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, crc)
	return binary.LittleEndian.AppendUint32(dst, uint32(size))
}

// parseTrailer returns the fields of a member's trailer: the CRC-32 of the content, and its size
// modulo 2^32.
func parseTrailer(b []byte) (crc, size uint32) {
	return binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
}

// Header is the header of a member.
type Header struct {
	Length int // in bytes: the offset of the deflate stream
	// Extra is the payload of the TP subfield, nil if there is none. Its first byte is the kind.
	Extra []byte
}

// ParseHeader returns the header at the beginning of b. It accepts only headers that FORMAT.md §1.2
// allows. Extra is a part of b. The error wraps [ErrTruncated] if b is the beginning of a header,
// and [ErrCorrupt] if it is not a header.
func ParseHeader(b []byte) (Header, error) {
	for i, c := range b[:min(len(b), HeaderSize)] {
		if c != plainHeader[i] && !(i == 3 && c == flgExtra) {
			return Header{}, fmt.Errorf("%w: byte %d of the header is %#02x", ErrCorrupt, i, c)
		}
	}
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("%w: %d of the %d bytes of its header", ErrTruncated, len(b),
			HeaderSize)
	}
	if b[3] == 0 {
		return Header{Length: HeaderSize}, nil
	}
	return parseExtra(b)
}

// parseExtra is ParseHeader for a header with an extra field whose fixed bytes are right.
func parseExtra(b []byte) (Header, error) {
	const start = HeaderSize + subfieldHead
	if len(b) < start {
		return Header{}, fmt.Errorf("%w: in the extra field", ErrTruncated)
	}
	field := b[HeaderSize:start]
	total := int(binary.LittleEndian.Uint16(field))
	length := int(binary.LittleEndian.Uint16(field[4:]))
	if field[2] != 'T' || field[3] != 'P' || length == 0 || total != length+4 {
		return Header{}, fmt.Errorf("%w: foreign extra field % x", ErrCorrupt, field)
	}
	if len(b) < start+length {
		return Header{}, fmt.Errorf("%w: in an extra field of %d bytes", ErrTruncated, length)
	}
	extra := b[start : start+length : start+length]
	return Header{Length: start + length, Extra: extra}, nil
}
