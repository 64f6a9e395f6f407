package export

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"
	"unicode/utf8"
)

// Sizes and constants of APPNOTE 6.3.10.
const (
	localHead     = 30 // §4.3.7
	centralHead   = 46 // §4.3.12
	endHead       = 22 // §4.3.16
	end64Head     = 56 // §4.3.14
	locatorHead   = 20 // §4.3.15
	sigLocal      = 0x04034b50
	sigCentral    = 0x02014b50
	sigEnd        = 0x06054b50
	sigEnd64      = 0x06064b50
	sigLocator    = 0x07064b50
	methodDeflate = 8 // RFC 1951, as in a gzip member; 0 is stored
	flagUTF8      = 1 << 11
	version20     = 20 // deflate, directories
	version45     = 45 // zip64
	madeByUnix    = 3 << 8
	extraZip64    = 0x0001
	extraTime     = 0x5455 // "UT", extended timestamp (Info-ZIP)
	timeLocal     = 4 + 5
	timeCentral   = 4 + 5 // the same, because it has only the modification time
	max16, max32  = math.MaxUint16, math.MaxUint32
	dosDir        = 0x10
	unixType      = 0o170000
	unixFile      = 0o100000
	unixDir       = 0o040000
	unixLink      = 0o120000
)

// A zipEntry is an entry whose records are generated.
type zipEntry struct {
	name       []byte // as it is written to the zip
	at         int64  // offset of the local header
	size       int64
	compressed int64
	crc        uint32
	method     uint16
	mode       uint32 // the Unix mode with the file type
	modTime    int64

	content int64 // offset in the archive: of the body, or of a stored content member
	blocks  bool  // the body lies in stored blocks
	symlink bool
	link    []byte // the target of a symbolic link, which is its body
	dos     dosClock
}

// setName sets the name for a path. A directory's name ends in a slash. A backslash becomes a
// fullwidth backslash (U+FF3C): half of all readers take a backslash for a separator, so the name
// could lead outside.
func (e *zipEntry) setName(path []byte) {
	e.name = e.name[:0]
	for {
		i := bytes.IndexByte(path, '\\')
		if i < 0 {
			break
		}
		e.name = append(append(e.name, path[:i]...), "\uff3c"...)
		path = path[i+1:]
	}
	e.name = append(e.name, path...)
	if e.mode&unixType == unixDir {
		e.name = append(e.name, '/')
	}
}

// readLink reads the target of a symbolic link.
func (e *zipEntry) readLink(d *folder, i int) (err error) {
	if !e.symlink {
		return nil
	}
	if e.link, err = d.x.AppendLink(e.link[:0], i); err != nil {
		return err
	}
	e.crc = crc32.ChecksumIEEE(e.link)
	return nil
}

// flags declares the name to be UTF-8 if it has bytes with another meaning in code page 437. A name
// that is not valid UTF-8 is not declared, and Unix tools restore its bytes.
func (e *zipEntry) flags() uint16 {
	if printableASCII(e.name) || !utf8.Valid(e.name) {
		return 0
	}
	return flagUTF8
}

// printableASCII reports whether all bytes are between the space and }. It tests eight bytes at
// once.
func printableASCII(b []byte) bool {
	const low, high = 0x0101010101010101, 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		// A high bit in w, or in the sum or the difference, marks a byte over 127, over } or below
		// the space.
		w := binary.LittleEndian.Uint64(b)
		if (w|(w+low*(127-'}'))|^((w|high)-low*' '))&high != 0 && !eachPrintable(b[:8]) {
			return false
		}
	}
	return eachPrintable(b)
}

func eachPrintable(b []byte) bool {
	for _, c := range b {
		if c-' ' > '}'-' ' { // a control character, or over }
			return false
		}
	}
	return true
}

func (e *zipEntry) needsZip64() bool { return e.size >= max32 || e.compressed >= max32 }

// hasTime reports whether the extended timestamp can hold the time. It is a signed 32-bit number,
// and most readers do not support negative ones.
func (e *zipEntry) hasTime() bool { return e.modTime >= 0 && e.modTime <= math.MaxInt32 }

func (e *zipEntry) localLength() int64 {
	n := localHead + len(e.name)
	if e.needsZip64() {
		n += 4 + 16
	}
	if e.hasTime() {
		n += timeLocal
	}
	return int64(n)
}

// zip64Length returns the length of the values in the zip64 field of the central directory
// (§4.5.3): those that do not fit into 32 bits.
func (e *zipEntry) zip64Length() int {
	n := 0
	for _, v := range [...]int64{e.size, e.compressed, e.at} {
		if v >= max32 {
			n += 8
		}
	}
	return n
}

func (e *zipEntry) centralLength() int64 {
	n := centralHead + len(e.name)
	if w := e.zip64Length(); w > 0 {
		n += 4 + w
	}
	if e.hasTime() {
		n += timeCentral
	}
	return int64(n)
}

func (e *zipEntry) version() uint16 {
	if e.needsZip64() || e.at >= max32 {
		return version45
	}
	return version20
}

func (e *zipEntry) appendLocal(b []byte) []byte {
	le := binary.LittleEndian
	size, compressed, extra := uint32(e.size), uint32(e.compressed), 0
	version := uint16(version20)
	if e.needsZip64() {
		size, compressed, extra, version = max32, max32, 4+16, version45
	}
	if e.hasTime() {
		extra += timeLocal
	}
	b = le.AppendUint32(b, sigLocal)
	b = le.AppendUint16(b, version)
	b = e.appendCommon(b, size, compressed)
	b = le.AppendUint16(b, uint16(extra))
	b = append(b, e.name...)
	if e.needsZip64() {
		b = le.AppendUint32(b, extraZip64|16<<16)
		b = le.AppendUint64(b, uint64(e.size))
		b = le.AppendUint64(b, uint64(e.compressed))
	}
	return e.appendTime(b)
}

// appendCommon appends what both headers have in common: everything from the flags to the length of
// the name.
func (e *zipEntry) appendCommon(b []byte, size, compressed uint32) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, e.flags())
	b = le.AppendUint16(b, e.method)
	b = le.AppendUint32(b, e.dos.stamp(e.modTime))
	b = le.AppendUint32(b, e.crc)
	b = le.AppendUint32(b, compressed)
	b = le.AppendUint32(b, size)
	return le.AppendUint16(b, uint16(len(e.name)))
}

func (e *zipEntry) appendTime(b []byte) []byte {
	if !e.hasTime() {
		return b
	}
	b = binary.LittleEndian.AppendUint32(b, extraTime|5<<16)
	return binary.LittleEndian.AppendUint32(append(b, 1), uint32(e.modTime))
}

func (e *zipEntry) appendCentral(b []byte) []byte {
	le := binary.LittleEndian
	extra := e.zip64Length()
	if extra > 0 {
		extra += 4
	}
	if e.hasTime() {
		extra += timeCentral
	}
	b = le.AppendUint32(b, sigCentral)
	b = le.AppendUint16(b, madeByUnix|version45)
	b = le.AppendUint16(b, e.version())
	b = e.appendCommon(b, clip32(e.size), clip32(e.compressed))
	b = le.AppendUint16(b, uint16(extra))
	b = append(b, 0, 0, 0, 0, 0, 0) // no comment, disk 0, binary
	attributes := e.mode << 16
	if e.name[len(e.name)-1] == '/' {
		attributes |= dosDir
	}
	b = le.AppendUint32(b, attributes)
	b = le.AppendUint32(b, clip32(e.at))
	b = append(b, e.name...)
	if w := e.zip64Length(); w > 0 {
		b = le.AppendUint32(b, extraZip64|uint32(w)<<16)
		for _, v := range [...]int64{e.size, e.compressed, e.at} {
			if v >= max32 {
				b = le.AppendUint64(b, uint64(v))
			}
		}
	}
	return e.appendTime(b)
}

func clip32(v int64) uint32 { return uint32(min(v, max32)) }

// A dosClock converts times to those of MS-DOS. It remembers the last day, because most files of a
// tree have the same.
type dosClock struct {
	day  int64 // days since 1970
	date uint32
}

// stamp returns the date and time of sec seconds since 1970, in UTC. It is clamped to the years
// 1980 to 2107, and has steps of 2 seconds.
func (d *dosClock) stamp(sec int64) uint32 {
	const first, last, daySeconds = 315532800, 4354819198, 86400
	sec = min(max(sec, first), last)
	if day := sec / daySeconds; day != d.day {
		t := time.Unix(sec, 0).UTC()
		d.day, d.date = day, uint32((t.Year()-1980)<<9|int(t.Month())<<5|t.Day())
	}
	rest := uint32(sec % daySeconds)
	return d.date<<16 | rest/3600<<11 | rest/60%60<<5 | rest%60/2
}

// needsZip64 reports whether the end records need zip64.
func (z *zipLayout) needsZip64() bool {
	return z.count >= max16 || z.start >= max32 || z.end-z.start >= max32
}

func (z *zipLayout) endLength() int64 {
	if z.needsZip64() {
		return end64Head + locatorHead + endHead
	}
	return endHead
}

// appendEnd appends the end records.
func (z *zipLayout) appendEnd(b []byte) []byte {
	le := binary.LittleEndian
	length := z.end - z.start
	if z.needsZip64() {
		b = le.AppendUint32(b, sigEnd64)
		b = le.AppendUint64(b, end64Head-12)
		b = le.AppendUint16(b, madeByUnix|version45)
		b = le.AppendUint16(b, version45)
		b = le.AppendUint64(b, 0) // this disk, the disk of the central directory
		b = le.AppendUint64(b, uint64(z.count))
		b = le.AppendUint64(b, uint64(z.count))
		b = le.AppendUint64(b, uint64(length))
		b = le.AppendUint64(b, uint64(z.start))
		b = le.AppendUint32(b, sigLocator)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(z.end))
		b = le.AppendUint32(b, 1)
	}
	count := uint16(min(z.count, max16))
	b = le.AppendUint32(b, sigEnd)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint16(b, count)
	b = le.AppendUint16(b, count)
	b = le.AppendUint32(b, clip32(length))
	b = le.AppendUint32(b, clip32(z.start))
	return le.AppendUint16(b, 0)
}
