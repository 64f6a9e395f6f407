package gzmember

import (
	"errors"
	"fmt"
	"io"
)

// The buffers of a stream, in bytes.
const (
	maxWindow   = maxDistance // what a match may reach back to
	chunkSize   = 64 << 10    // content made at a time; the first chunk has room for maxWindow more
	inputBuffer = 32 << 10    // more than maxBlockHead
	minRoom     = maxMatch    // with less room than that, the window is moved first
	outBuffer   = maxWindow + chunkSize
)

// A stream inflates a deflate stream that it reads from src, in chunks. It may read more of src than the stream takes,
// which the next stream, or peek, finds in the buffer.
type stream struct {
	inflater
	src   io.Reader
	taken int64 // bytes read from src

	in       [inputBuffer]byte
	from, to int // in[from:to] is read and not used

	out [outBuffer]byte // the content's last bytes, up to end
	end int
}

// attach makes s read from src.
func (s *stream) attach(src io.Reader) { s.src, s.taken, s.from, s.to = src, 0, 0, 0 }

// position returns how many bytes of src were used.
func (s *stream) position() int64 { return s.taken - int64(s.to-s.from) }

// begin makes s begin with the first block of a deflate stream, at the next byte of src.
func (s *stream) begin() {
	s.inflater.reset()
	s.end = 0
}

// fill reads more of src, at least a byte. There must be room for it.
func (s *stream) fill() error {
	if s.from > 0 {
		copy(s.in[:], s.in[s.from:s.to])
		s.from, s.to = 0, s.to-s.from
	}
	for range 100 {
		n, err := s.src.Read(s.in[s.to:])
		s.to += n
		s.taken += int64(n)
		if n > 0 {
			return nil // an error comes again
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// peek returns the next n bytes of src, at most inputBuffer, without using them. If there are not so many, it returns those there are and the error.
func (s *stream) peek(n int) ([]byte, error) {
	for s.to-s.from < n {
		if err := s.fill(); err != nil {
			return s.in[s.from:s.to], err
		}
	}
	return s.in[s.from : s.from+n], nil
}

// discard uses n bytes that peek returned.
func (s *stream) discard(n int) { s.from += n }

// What is wrong with a stream for the one who wants it to be of a certain length.
var (
	errShort = errors.New("the deflate stream has no end") // src ended within the stream
	errLong  = errors.New("the deflate stream holds more") // than the limit
)

// next returns the next bytes of content, valid until it is called again: about want of them (up to maxMatch more or, where the buffer ends,
// fewer, but at least one), but at most limit. The error says why there are no more:
// nil, want is met; io.EOF, the stream is at its end; errLong; errShort; one that wraps ErrCorrupt; or one of src.
func (s *stream) next(want, limit int64) ([]byte, error) {
	if len(s.out)-s.end < minRoom {
		copy(s.out[:maxWindow], s.out[s.end-maxWindow:s.end])
		s.end = maxWindow
	}
	start := s.end
	// A match is not divided, so with less room than this it could be that there is no progress.
	n := min(want, chunkSize+maxWindow) + maxMatch
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
				return chunk, errLong
			}
			return chunk, nil
		case ended:
			return chunk, io.EOF
		case corrupt:
			return chunk, fmt.Errorf("%w: no deflate stream", ErrCorrupt)
		}
		if err := s.fill(); err == io.EOF {
			return chunk, errShort
		} else if err != nil {
			return chunk, err
		}
	}
}
