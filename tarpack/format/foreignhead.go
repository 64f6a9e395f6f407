package format

import "encoding/binary"

// hasHeader reports whether b, which Recognize takes for a kind, has the whole header of that
// format. A few bytes that are only like its first ones can be anything.
func hasHeader(kind Foreign, b []byte) bool {
	switch kind {
	case ForeignZip:
		return hasZipHeader(b)
	case ForeignGzip, ForeignGzipped: // RFC 1952 §2.3: the method is 8, and three flags are reserved
		return len(b) >= 10 && b[2] == 8 && b[3]&0xe0 == 0
	case ForeignXZ: // the .xz file format §2.1.1
		return len(b) >= 12
	case ForeignZstd: // RFC 8878 §3.1.1: one byte of flags, of which one is reserved, and the sizes
		return len(b) >= 6 && b[4]&8 == 0
	case ForeignBzip2: // the level, and the magic of a block or of the end
		return len(b) >= 10 && '1' <= b[3] && b[3] <= '9' &&
			(string(b[4:10]) == "1AY&SY" || string(b[4:10]) == "\x17\x72\x45\x38\x50\x90")
	case ForeignLZ4: // the LZ4 frame format; the legacy one has only a length behind its magic
		return len(b) >= 8 && (b[0] == 0x02 || b[4]>>6 == 1)
	}
	return true
}

// hasZipHeader reports whether b begins with a local file header, or is a zip without entries
// (APPNOTE.TXT 4.3.7, 4.3.16).
func hasZipHeader(b []byte) bool {
	const local, end, maxVersion, maxMethod = 30, 22, 63, 99
	if len(b) >= end && string(b[:4]) == "PK\x05\x06" {
		return true
	}
	return len(b) >= local && b[4] <= maxVersion && binary.LittleEndian.Uint16(b[8:]) <= maxMethod &&
		binary.LittleEndian.Uint16(b[26:]) > 0
}
