package compressed

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/pierrec/lz4/v4"

	"github.com/tarpack/tpk/tarpack/internal/output"
)

// MaxDictionary is the largest dictionary or window that a compressed stream may ask for: the
// window of zstd --long=31, and more than xz writes. Decoders touch as much of it as there is
// content.
const MaxDictionary = min(2<<30, math.MaxInt)

// ErrMemory: a compressed stream needs a larger dictionary.
var ErrMemory = fmt.Errorf("it needs more than %d GiB of memory to decompress", MaxDictionary>>30)

// A Reader reads compressed streams that follow each other, of any formats, and zeros between and
// behind them. Close gives up a decoder that is in use.
type Reader struct {
	r     *bufio.Reader
	now   io.Reader     // the stream that is read, nil between two
	out   *bufio.Reader // reads now; it never holds bytes of two streams
	err   error         // of now, found by AtEnd
	gzip  *gzipStream
	close func()
}

// errNoStream: bytes are no compressed stream.
var errNoStream = errors.New("other bytes follow the compressed data")

// NewReader returns a reader of the streams in r. It reads no further than they go, so that the
// caller can read on from r when AtEnd returns true.
func NewReader(r *bufio.Reader) *Reader { return &Reader{r: r} }

// Read reads across streams. Bytes that are no stream are an error.
func (s *Reader) Read(b []byte) (int, error) {
	for len(b) > 0 {
		end, err := s.AtEnd()
		if err == nil && end {
			err = s.next()
		}
		if err != nil {
			return 0, err
		}
		if n, err := s.out.Read(b); n > 0 || err != io.EOF {
			return n, s.explain(err)
		}
	}
	return 0, nil
}

// AtEnd reports whether the current stream, if any, is at its end. Then it skips the zeros behind
// it.
func (s *Reader) AtEnd() (bool, error) {
	if s.now != nil {
		if s.out.Buffered() > 0 {
			return false, nil
		}
		if s.err == nil {
			_, s.err = s.out.Peek(1)
		}
		if s.err != io.EOF {
			return false, s.explain(s.err)
		}
		s.Close()
	}
	err := SkipZeros(s.r)
	if err == io.EOF { // next meets it again
		err = nil
	}
	return true, err
}

// next opens the stream that follows. It returns io.EOF if there is none.
func (s *Reader) next() error {
	if _, err := s.r.Peek(1); err != nil {
		return err
	}
	return s.explain(s.open())
}

// explain returns an error of the current stream. An early end of the stream is not one of the tar
// in it.
func (s *Reader) explain(err error) error {
	switch {
	case err == io.ErrUnexpectedEOF:
		return ErrCutOff
	case errors.Is(err, xz.ErrFormat):
		return errNoStream
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded),
		errors.Is(err, xz.ErrMemlimit):
		return ErrMemory
	}
	return err
}

// ErrCutOff: a compressed stream ends too early.
var ErrCutOff = errors.New("the compressed data is cut off")

// Close gives up the current stream.
func (s *Reader) Close() {
	if s.close != nil {
		s.close()
	}
	s.now, s.close, s.err = nil, nil, nil
}

// SkipZeros reads to the next byte that is not zero. It returns io.EOF if there is none.
func SkipZeros(r *bufio.Reader) error {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return r.UnreadByte()
		}
	}
}

// open begins the stream that follows in r.
func (s *Reader) open() error {
	if err := s.openStream(); err != nil {
		s.now = nil
		return err
	}
	if s.out == nil {
		s.out = bufio.NewReaderSize(nil, output.WriteSize)
	}
	s.out.Reset(s.now)
	return nil
}

// skipFrames skips the skippable frames before a frame of zstd or LZ4.
func (s *Reader) skipFrames() error {
	for {
		head, err := s.r.Peek(8)
		if len(head) < 8 || !isSkippable(head) {
			if err == io.EOF {
				err = nil
			}
			return err
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		if _, err := io.CopyN(io.Discard, s.r, 8+n); err != nil {
			return noEOF(err)
		}
	}
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// padded is the input of a decoder that expects nothing but another stream after a stream. It adds
// extra zeros at the end, so that the decoder always ends at bytes that are no stream.
type padded struct {
	r     *bufio.Reader
	extra int
	zeros int // that were read last
}

func (p *padded) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if err == io.EOF && p.extra > 0 {
		n, err = min(len(b), p.extra), nil
		clear(b[:n])
		p.extra -= n
	}
	other := bytes.TrimRight(b[:n], "\x00")
	if len(other) > 0 {
		p.zeros = 0
	}
	p.zeros += n - len(other)
	return n, err
}

// ReadByte keeps compress/bzip2 from reading ahead.
func (p *padded) ReadByte() (byte, error) {
	b, err := p.r.ReadByte()
	if err == io.EOF && p.extra > 0 {
		err = nil
		p.extra--
	}
	if p.zeros++; b != 0 {
		p.zeros = 0
	}
	return b, err
}

// A paddedStream reads streams of one format, and the first zeros of padding behind them.
type paddedStream struct {
	io.Reader
	p     *padded
	magic int // bytes that the decoder reads to recognize another stream
	isEnd func(error) bool
}

func (s *paddedStream) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	switch {
	case err == nil || !s.isEnd(err):
	case s.p.zeros >= s.magic:
		err = io.EOF
	case err != io.ErrUnexpectedEOF:
		err = errNoStream
	}
	return n, err
}

func isZstdEnd(err error) bool { return errors.Is(err, zstd.ErrMagicMismatch) }

func isLZ4End(err error) bool { return errors.Is(err, lz4.ErrInvalidFrame) }

func isLZ4LegacyEnd(err error) bool { return isLZ4End(err) || err == io.ErrUnexpectedEOF }

func isBzip2End(err error) bool {
	return errors.Is(err, bzip2.StructuralError("bad magic value in continuation file"))
}
