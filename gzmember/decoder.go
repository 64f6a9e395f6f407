package gzmember

import (
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/tarpack/tpk/gzmember/coding"
)

// A decoder makes the content of a C, in chunks, from a place where it can be entered. Decoders are
// pooled for their buffers.
//
// It goes through units: a segment of a segmented C, else all of it. It checks the end of a unit
// before it returns the last chunk.
type decoder struct {
	c      Content // Coding 0: not started
	src    section
	stream stream

	pos     int64 // offset in the content of the next chunk
	unitEnd int64 // offset in the content of the end of the unit
	crc     uint32
	whole   bool // crc is of all content up to pos
	entered bool // stored: the header of the block that holds pos was checked
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// release returns d to the pool.
func (d *decoder) release() {
	d.c, d.src = Content{}, section{}
	decoders.Put(d)
}

// section is the part of an archive from off to end.
type section struct {
	src      io.ReaderAt
	off, end int64
}

// Read implements [io.Reader]. If the archive ends before the section, the error wraps
// ErrTruncated.
func (s *section) Read(p []byte) (int, error) {
	if s.off >= s.end {
		return 0, io.EOF
	}
	n, err := s.src.ReadAt(p[:min(int64(len(p)), s.end-s.off)], s.off)
	s.off += int64(n)
	if n > 0 {
		return n, nil
	}
	if err == io.EOF {
		err = fmt.Errorf("%w: the archive ends at offset %d", ErrTruncated, s.off)
	}
	return 0, err
}

// readFull reads len(p) bytes.
func (s *section) readFull(p []byte) error {
	_, err := io.ReadFull(s, p)
	return err
}

// start sets d to the nearest place at or before pos at which the content can be entered.
func (d *decoder) start(src io.ReaderAt, c *Content, pos int64) error {
	d.c = *c
	d.src = section{src: src, off: c.Offset, end: c.Offset + c.Length}
	d.crc, d.whole, d.entered = 0, true, false
	d.pos, d.unitEnd = 0, c.Size
	switch c.Coding {
	case coding.Stored:
		d.pos, d.whole = pos, pos == 0
		return nil
	case coding.Segmented:
		if err := d.startSegment(pos >> c.Shift); err != nil {
			return err
		}
	}
	d.stream.attach(&d.src)
	if d.pos == 0 {
		b, err := d.stream.peek(HeaderSize)
		if err != nil {
			return err
		}
		if err := checkPlainHeader(b); err != nil {
			return err
		}
		d.stream.discard(HeaderSize)
	}
	d.stream.begin()
	return nil
}

// startSegment limits the section and the unit to segment k.
func (d *decoder) startSegment(k int64) error {
	from, to, size, err := d.c.segment(k)
	if err != nil {
		return err
	}
	stream := d.c.Offset + HeaderSize
	d.pos = k << d.c.Shift
	d.unitEnd = d.pos + size
	if k > 0 {
		d.src.off = stream + from
		d.whole = false
	}
	if d.unitEnd < d.c.Size {
		d.src.end = stream + to
	}
	return nil
}

// reaches reports whether d should go on to reach pos, rather than start again.
func (d *decoder) reaches(pos int64) bool {
	switch d.c.Coding {
	case coding.Deflate:
		return d.pos <= pos
	case coding.Segmented:
		return d.pos == pos || d.pos < pos && pos < d.unitEnd
	case coding.Stored:
		return d.pos == pos
	}
	return false // not started
}

// next returns the next bytes of content, at least one, which are valid until the following call.
// There must be some: pos < Size. It makes a few more than want.
func (d *decoder) next(want int64) ([]byte, error) {
	if d.c.Coding == coding.Stored {
		return d.nextStored(want)
	}
	if d.pos == d.unitEnd {
		if err := d.nextSegment(); err != nil {
			return nil, err
		}
	}
	chunk, why, err := d.stream.next(want, d.unitEnd-d.pos)
	d.advance(chunk)
	if why != stopWant && err == nil {
		err = d.endUnit(why)
	}
	if err != nil {
		return nil, err
	}
	return chunk, nil
}

// advance counts a chunk.
func (d *decoder) advance(chunk []byte) {
	d.pos += int64(len(chunk))
	if d.whole {
		d.crc = crc32.Update(d.crc, crc32.IEEETable, chunk)
	}
}

// nextSegment moves to the segment that begins at pos.
func (d *decoder) nextSegment() error {
	crc, whole := d.crc, d.whole
	c := d.c
	if err := d.start(d.src.src, &c, d.pos); err != nil {
		return err
	}
	d.crc, d.whole = crc, whole
	return nil
}

// endUnit checks that the unit ends where the stream stopped.
func (d *decoder) endUnit(why stop) error {
	c := &d.c
	switch {
	case why == stopCorrupt:
		return fmt.Errorf("%w: no deflate stream after byte %d of the content", ErrCorrupt, d.pos)
	case why == stopLong:
		return fmt.Errorf("%w: more than %d bytes of content", ErrCorrupt, d.unitEnd)
	case d.pos < d.unitEnd:
		return fmt.Errorf("%w: content ends at byte %d instead of %d", ErrCorrupt, d.pos, d.unitEnd)
	case d.unitEnd < c.Size:
		// The section ends where the segment does, so no byte of it may be left.
		if why == stopShort && d.stream.atFlush() && d.stream.buffered() == 0 {
			return nil
		}
		return fmt.Errorf("%w: the segment up to byte %d does not end in a flush",
			ErrCorrupt, d.unitEnd)
	case why == stopShort:
		return fmt.Errorf("%w: the deflate stream has no end", ErrCorrupt)
	}
	at := d.src.off - int64(d.stream.buffered())
	if want := c.Offset + c.Length - MemberTrailerSize; at != want {
		return fmt.Errorf("%w: deflate stream ends at offset %d instead of %d",
			ErrCorrupt, at, want)
	}
	if c.Coding == coding.Deflate && d.stream.stored() {
		return fmt.Errorf("%w: stored content is said to be deflate", ErrCorrupt)
	}
	b, err := d.stream.peek(MemberTrailerSize)
	if err != nil {
		return err
	}
	return d.checkEnd(b)
}

// checkEnd compares the trailer with the Content and, if all of the content was read, with that.
func (d *decoder) checkEnd(trailer []byte) error {
	if err := checkTrailer(trailer, d.c.CRC, d.c.Size); err != nil {
		return err
	}
	if d.whole {
		return checkTrailer(trailer, d.crc, d.pos)
	}
	return nil
}

// checkPlainHeader checks that b is the header of a C, which has no extra field.
func checkPlainHeader(b []byte) error {
	h, err := ParseHeader(b)
	if err == nil && h.Extra == nil {
		return nil
	}
	return fmt.Errorf("%w: no content member begins here", ErrCorrupt)
}

// nextStored is next for a stored C. It reads a block, or the part of it that is wanted, together
// with the block's header and, at the ends of the content, the member's header or trailer.
func (d *decoder) nextStored(want int64) ([]byte, error) {
	c := &d.c
	in := d.pos % coding.StoredBlock
	size := min(coding.StoredBlock, c.Size-(d.pos-in)) // of the block
	final := d.pos-in+size == c.Size
	buf := d.stream.out[:]
	if in > 0 && !d.entered {
		d.src.off = c.Offset + StoredOffset(d.pos-in) - coding.StoredHead
		if err := d.src.readFull(buf[:coding.StoredHead]); err != nil {
			return nil, err
		}
		if err := checkStoredHead(buf, int(size), final); err != nil {
			return nil, err
		}
	}
	d.entered = true
	before, after := 0, 0
	if in == 0 {
		before = coding.StoredHead
	}
	if d.pos == 0 {
		before += HeaderSize
	}
	n := min(want, size-in)
	if d.pos+n == c.Size {
		after = MemberTrailerSize
	}
	buf = buf[:before+int(n)+after]
	d.src.off = c.Offset + StoredOffset(d.pos) - int64(before)
	if err := d.src.readFull(buf); err != nil {
		return nil, err
	}
	if d.pos == 0 {
		if err := checkPlainHeader(buf); err != nil {
			return nil, err
		}
	}
	if in == 0 {
		if err := checkStoredHead(buf[before-coding.StoredHead:], int(size), final); err != nil {
			return nil, err
		}
	}
	chunk := buf[before : before+int(n)]
	d.advance(chunk)
	if after > 0 {
		if err := d.checkEnd(buf[len(buf)-MemberTrailerSize:]); err != nil {
			return nil, err
		}
	}
	return chunk, nil
}
