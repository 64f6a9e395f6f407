package gzmember

import "io"

// The buffers of a stream, in bytes.
const (
	maxWindow   = maxDistance // how far a match may reach back
	chunkSize   = 64 << 10    // made at a time; the first chunk has room for maxWindow more
	outBuffer   = maxWindow + chunkSize
	inputBuffer = 32 << 10
	minRoom     = maxMatch // with less room, the window is moved first
)

// The header of a block must fit the input.
const _ = uint(inputBuffer - maxBlockHead)

// A stream inflates a deflate stream that it reads from src, in chunks. It may read beyond the end
// of the deflate stream; these bytes stay in the buffer for peek and for the next deflate stream.
type stream struct {
	inflater
	src   io.Reader
	err   error // of src, not yet returned
	taken int64 // bytes read from src

	in       [inputBuffer]byte
	from, to int // in[from:to] is read but not used

	out [outBuffer]byte // the last bytes of the content, up to end
	end int
}

// attach makes s read from src.
func (s *stream) attach(src io.Reader) { s.src, s.err, s.taken, s.from, s.to = src, nil, 0, 0, 0 }

// position returns the number of bytes of src that were used.
func (s *stream) position() int64 { return s.taken - int64(s.buffered()) }

// buffered returns the number of bytes of src that were read but not used.
func (s *stream) buffered() int { return s.to - s.from }

// begin starts a deflate stream at the next byte of src.
func (s *stream) begin() {
	s.inflater.reset()
	s.end = 0
}

// fill reads more of src, at least a byte. There must be room for it.
func (s *stream) fill() error {
	if s.from > 0 {
		s.to = copy(s.in[:], s.in[s.from:s.to])
		s.from = 0
	}
	for range 100 {
		if s.err != nil {
			return s.err
		}
		var n int
		n, s.err = s.src.Read(s.in[s.to:])
		s.to += n
		s.taken += int64(n)
		if n > 0 {
			return nil
		}
	}
	return io.ErrNoProgress
}

// peek returns the next n bytes of src, at most inputBuffer, without using them. If src ends before
// that, it returns the bytes that are left and the error.
func (s *stream) peek(n int) ([]byte, error) {
	for s.buffered() < n {
		if err := s.fill(); err != nil {
			return s.in[s.from:s.to], err
		}
	}
	return s.in[s.from : s.from+n], nil
}

// discard uses n bytes that peek returned.
func (s *stream) discard(n int) { s.from += n }

// stop is the reason why a chunk ends.
type stop uint8

const (
	stopWant    stop = iota // there is more content
	stopEnd                 // the deflate stream is at its end
	stopShort               // src is at its end, and the deflate stream is not
	stopLong                // the content is longer than the limit
	stopCorrupt             // the next bytes are not a deflate stream
	stopError               // of src
)

// next returns the next bytes of content, which are valid until the following call. It returns
// about want bytes: up to maxMatch more or, at the end of the buffer, fewer, but at least one. It
// never returns more than limit.
func (s *stream) next(want, limit int64) ([]byte, stop, error) {
	if len(s.out)-s.end < minRoom {
		s.end = copy(s.out[:maxWindow], s.out[s.end-maxWindow:s.end])
	}
	start := s.end
	// A match is not divided, so with less room than maxMatch there may be no progress.
	n := min(want, outBuffer) + maxMatch
	n = min(n, limit, int64(len(s.out)-start))
	room := s.out[:start+int(n)]
	for {
		end, used, v := s.inflate(room, s.end, s.in[s.from:s.to])
		s.end = end
		s.from += used
		chunk := s.out[start:end]
		switch v {
		case needRoom:
			if n == limit {
				return chunk, stopLong, nil
			}
			return chunk, stopWant, nil
		case ended:
			return chunk, stopEnd, nil
		case corrupt:
			return chunk, stopCorrupt, nil
		}
		if err := s.fill(); err == io.EOF {
			return chunk, stopShort, nil
		} else if err != nil {
			return chunk, stopError, err
		}
	}
}
