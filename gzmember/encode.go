package gzmember

import (
	stdflate "compress/flate"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/tarpack/tpk/gzmember/coding"
)

// Encoder makes members and segments with deflate. After its first use it allocates nothing. The
// result depends on the level and the content, not on earlier calls. It must not be used by two
// goroutines at a time.
type Encoder struct {
	level int
	w     deflater // nil until its first use: it takes a megabyte
	out   appender

	// At level 9, other compresses long segments again, to spare. The smaller result counts. It is
	// nil until its first use.
	other deflater
	spare []byte
}

// otherMin is the length from which a segment is compressed twice at level 9. Compress/flate begins
// a new block more often, which saves bytes where long content changes its nature. For shorter
// content the two results differ by a few bytes only.
const otherMin = 256 << 10

// deflater is the common interface of the two flate packages.
type deflater interface {
	io.WriteCloser
	Flush() error
	Reset(w io.Writer)
}

// appender is an io.Writer that appends to a slice. It never fails.
type appender struct{ dst []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.dst = append(a.dst, p...)
	return len(p), nil
}

// NewEncoder returns an encoder for a level from 1 (fastest) to 9 (smallest). Any other level is an
// error.
func NewEncoder(level int) (*Encoder, error) {
	if level < flate.BestSpeed || level > flate.BestCompression {
		return nil, fmt.Errorf("gzmember: level %d, want 1 to 9", level)
	}
	return &Encoder{level: level}, nil
}

// AppendMember appends a member with the given content. If extra is not empty, it is the payload of
// the extra field in the header.
func (e *Encoder) AppendMember(dst, content, extra []byte) []byte {
	dst = e.appendStream(AppendMemberHeader(dst, extra), content)
	return AppendMemberTrailer(dst, crc32.ChecksumIEEE(content), int64(len(content)))
}

// AppendContent appends the C of a file whose content, at least 1 byte, is in memory. It is stored
// if the deflate member would not be at least 3 % smaller than the content. There is no sample
// before: up to level 6 flate runs at the speed of a copy on content that it cannot shrink.
func (e *Encoder) AppendContent(dst, content []byte) ([]byte, coding.Coding) {
	start := len(dst)
	crc := crc32.ChecksumIEEE(content)
	dst = e.appendStream(AppendMemberHeader(dst, nil), content)
	if !Saves(int64(len(dst)-start+MemberTrailerSize), int64(len(content))) {
		return appendStored(dst[:start], content, crc), coding.Stored
	}
	return AppendMemberTrailer(dst, crc, int64(len(content))), coding.Deflate
}

// Saves reports whether length bytes are at least 3 % fewer than size.
func Saves(length, size int64) bool { return length <= size-(size*3+99)/100 }

// tinyContent is the size up to which flate does not search for matches at levels 1 to 6. The
// encoder of tar headers makes such content smaller than any level does.
const tinyContent = 128

// appendStream appends a deflate stream.
func (e *Encoder) appendStream(dst, content []byte) []byte {
	if len(content) <= tinyContent {
		return appendFixed(dst, content)
	}
	return e.AppendSegment(dst, content, true)
}

// AppendSegment appends one segment of a deflate stream. It begins at a byte boundary and refers to
// nothing before it. The last segment ends the stream; any other ends in a flush, 00 00 ff ff. Two
// consecutive segments are also one longer segment. The length of a segment must fit a u32
// (FORMAT.md §1.2).
func (e *Encoder) AppendSegment(dst, segment []byte, last bool) []byte {
	start := len(dst)
	if e.w == nil {
		e.w, _ = flate.NewWriter(nil, e.level) // the level is valid, so it does not fail
	}
	dst = e.deflate(e.w, dst, segment, last)
	if e.level == flate.BestCompression && len(segment) >= otherMin {
		if e.other == nil {
			e.other, _ = stdflate.NewWriter(nil, e.level)
		}
		e.spare = e.deflate(e.other, e.spare[:0], segment, last)
		if len(e.spare) < len(dst)-start {
			dst = append(dst[:start], e.spare...)
		}
	}
	return dst
}

// deflate appends a segment compressed by w.
func (e *Encoder) deflate(w deflater, dst, segment []byte, last bool) []byte {
	e.out.dst = dst
	w.Reset(&e.out)
	// The appender never fails, so neither do these.
	_, _ = w.Write(segment)
	if last {
		_ = w.Close()
	} else {
		_ = w.Flush()
	}
	dst, e.out.dst = e.out.dst, nil
	return dst
}
