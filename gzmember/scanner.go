package gzmember

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// Scanner walks the members of a stream about which nothing is known. Its memory is bounded for any
// stream.
//
//	s := gzmember.NewScanner(r)
//	for {
//		header, err := s.Next()
//		if err == io.EOF {
//			break // the end of the last member was the end of r
//		}
//		…
//		io.Copy(w, s) // the content of this member
//		… s.Offset(), s.Length(), s.CRC(), s.Stored()
//	}
type Scanner struct {
	stream stream
	extra  []byte // the header of the current member, if it has an extra field
	chunk  []byte // inflated but not yet read

	offset  int64
	length  int64
	size    int64
	crc     uint32
	open    bool  // the content has not been read to its end
	checked bool  // the member has been read to its end and is right
	err     error // sticky
}

// NewScanner returns a scanner of the members of r. The first one begins at the next byte.
func NewScanner(r io.Reader) *Scanner {
	s := new(Scanner)
	s.stream.attach(r)
	return s
}

// Next reads and checks the rest of the current member, and moves to the next one. The header's
// Extra is valid until Next is called again.
//
// The error is io.EOF if the stream ends where a member does. Other errors have the offset of the
// member, and wrap [ErrCorrupt], [ErrTruncated] or the error of the reader. After an error all
// calls return the same.
func (s *Scanner) Next() (Header, error) {
	for s.open {
		s.chunk = nil
		if err := s.advance(); err != nil && err != io.EOF {
			return Header{}, err
		}
	}
	if s.err != nil {
		return Header{}, s.err
	}
	s.offset, s.length, s.size, s.crc = s.stream.position(), 0, 0, 0
	s.chunk = nil
	h, err := s.header()
	if err == io.EOF {
		s.err = err
		return h, err
	}
	if err != nil {
		return Header{}, s.fail(err)
	}
	s.stream.begin()
	s.open, s.checked = true, false
	return h, nil
}

// header reads the header of a member.
func (s *Scanner) header() (Header, error) {
	const head = HeaderSize + subfieldHead
	b, err := s.stream.peek(head)
	if err != nil && (err != io.EOF || len(b) == 0) {
		return Header{}, err
	}
	h, err := ParseHeader(b)
	if err == nil {
		s.stream.discard(h.Length)
		return h, nil
	}
	if len(b) < head || b[3] != flgExtra {
		return h, err
	}
	// An extra field may be longer than the buffer. The last bytes of b state its length.
	left := head + int(binary.LittleEndian.Uint16(b[head-2:]))
	s.extra = s.extra[:0]
	for left > 0 {
		b, err := s.stream.peek(min(left, inputBuffer))
		s.extra = append(s.extra, b...)
		s.stream.discard(len(b))
		left -= len(b)
		if err == io.EOF {
			break
		}
		if err != nil {
			return h, err
		}
	}
	return ParseHeader(s.extra)
}

// advance inflates the next chunk. It checks the trailer before it returns the last one, and then
// returns io.EOF.
func (s *Scanner) advance() error {
	if s.err != nil {
		return s.err
	}
	if !s.open {
		return io.EOF
	}
	chunk, why, err := s.stream.next(outBuffer, math.MaxInt64)
	s.crc = crc32.Update(s.crc, crc32.IEEETable, chunk)
	s.size += int64(len(chunk))
	switch why {
	case stopEnd:
		err = s.trailer()
	case stopShort:
		err = fmt.Errorf("%w: in the deflate stream", ErrTruncated)
	case stopCorrupt:
		err = fmt.Errorf("%w: no deflate stream after byte %d of the content", ErrCorrupt, s.size)
	}
	if err != nil {
		return s.fail(err)
	}
	if len(chunk) == 0 {
		return io.EOF
	}
	s.chunk = chunk
	return nil
}

// trailer checks the trailer of the current member.
func (s *Scanner) trailer() error {
	b, err := s.stream.peek(MemberTrailerSize)
	if err == io.EOF {
		return fmt.Errorf("%w: in the trailer", ErrTruncated)
	}
	if err != nil {
		return err
	}
	if err := checkTrailer(b, s.crc, s.size); err != nil {
		return err
	}
	s.stream.discard(MemberTrailerSize)
	s.length = s.stream.position() - s.offset
	s.open, s.checked = false, true
	return nil
}

// fail makes an error sticky.
func (s *Scanner) fail(err error) error {
	s.err = fmt.Errorf("member at offset %d: %w", s.offset, err)
	s.open, s.chunk = false, nil
	return s.err
}

// Read implements [io.Reader] for the content of the current member. The error is io.EOF at its
// end, else one of Next. If CRC-32 or size are wrong, the error replaces the last bytes, up to 64
// KiB.
func (s *Scanner) Read(p []byte) (int, error) {
	if len(s.chunk) == 0 {
		if err := s.advance(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.chunk)
	s.chunk = s.chunk[n:]
	return n, nil
}

// WriteTo implements [io.WriterTo]. It writes the rest of the content of the current member.
func (s *Scanner) WriteTo(w io.Writer) (total int64, err error) {
	for {
		if len(s.chunk) == 0 {
			if err := s.advance(); err == io.EOF {
				return total, nil
			} else if err != nil {
				return total, err
			}
		}
		n, err := w.Write(s.chunk)
		if err == nil && n < len(s.chunk) {
			err = io.ErrShortWrite
		}
		s.chunk = s.chunk[n:]
		total += int64(n)
		if err != nil {
			return total, err
		}
	}
}

// Offset returns the offset of the current member, in bytes from the start of the stream. After
// Next has returned io.EOF it is the length of the stream.
func (s *Scanner) Offset() int64 { return s.offset }

// Length returns the length in bytes of the current member, with header and trailer. It is 0 until
// the content has been read to io.EOF.
func (s *Scanner) Length() int64 { return s.length }

// CRC returns the CRC-32 of the current member's content, after that has been read to io.EOF.
func (s *Scanner) CRC() uint32 { return s.crc }

// Stored reports whether the deflate stream of the current member has the layout of a stored C
// (FORMAT.md §1.3), after the content has been read to io.EOF.
func (s *Scanner) Stored() bool { return s.checked && s.stream.stored() }
