package gzmember

import (
	stdflate "compress/flate"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// Encoder makes members and segments with deflate. It allocates nothing once it is warm. What it makes
// depends on the level and the content, not on what it made before. It must not be used by two
// goroutines at a time.
type Encoder struct {
	level int
	w     deflater // nil until there is something to compress: it takes a megabyte
	out   appender

	other deflater // at level 9, for long segments, nil until there is one: does the same again, and what is smaller counts
	spare []byte   // what other makes
}

// otherMin is the length from which on a segment is compressed by both at level 9. Shorter ones come out the same but for a few bytes;
// of longer ones compress/flate, which begins a new block more often, makes less where the content changes its nature.
const otherMin = 256 << 10

// deflater is what the two packages have in common.
type deflater interface {
	io.WriteCloser
	Flush() error
	Reset(w io.Writer)
}

// appender is the io.Writer that flate writes to. It never fails.
type appender struct{ dst []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.dst = append(a.dst, p...)
	return len(p), nil
}

// NewEncoder returns an encoder for a level of 1 (fastest) to 9 (smallest).
func NewEncoder(level int) (*Encoder, error) {
	if level < flate.BestSpeed || level > flate.BestCompression {
		return nil, fmt.Errorf("gzmember: level %d, want 1 to 9", level)
	}
	return &Encoder{level: level}, nil
}

// AppendMember appends a member with the given content, and with the payload extra (or nil) in its header.
func (e *Encoder) AppendMember(dst, content, extra []byte) []byte {
	dst = e.appendStream(AppendMemberHeader(dst, extra), content)
	return AppendMemberTrailer(dst, crc32.ChecksumIEEE(content), int64(len(content)))
}

// AppendContent appends the C of a file whose content, at least 1 byte, is in memory: Deflate, or
// Stored if the deflate member would not be at least 3 % smaller than the content. (On content that it
// cannot shrink flate runs at the speed of a copy up to level 6, so there is no sample beforehand.)
func (e *Encoder) AppendContent(dst, content []byte) ([]byte, Coding) {
	start := len(dst)
	crc := crc32.ChecksumIEEE(content)
	dst = e.appendStream(AppendMemberHeader(dst, nil), content)
	if !Saves(int64(len(dst)-start+TrailerSize), int64(len(content))) {
		return appendStored(dst[:start], content, crc), Stored
	}
	return AppendMemberTrailer(dst, crc, int64(len(content))), Deflate
}

// Saves says whether length bytes are at least 3 % fewer than size.
func Saves(length, size int64) bool { return length <= size-(size*3+99)/100 }

// tinyContent is the size up to which flate does not look for matches at levels 1 to 6. Our own encoder
// makes less of such content than any level.
const tinyContent = 128

// appendStream appends a deflate stream.
func (e *Encoder) appendStream(dst, content []byte) []byte {
	if len(content) <= tinyContent {
		return appendFixed(dst, content)
	}
	return e.AppendSegment(dst, content, true)
}

// AppendSegment appends one segment of a deflate stream, which begins at a byte boundary and refers to
// nothing before it. The last one ends the stream, the others end in a flush, 00 00 ff ff. Two of
// them in a row make one longer segment. The length of a segment must fit a u32 (FORMAT.md §1.2).
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

// deflate appends what w makes of a segment.
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
