package compressed

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"io"
	"math/bits"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"

	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/tarpack/internal/xzbcj"
)

// formats are those of streams.
var formats = []struct {
	begins func(head []byte) bool
	open   func(s *Reader) error // sets s.now, and s.close if necessary
}{
	{hasPrefix("\x1f\x8b"), (*Reader).openGzip},
	{hasMagic(0xfd2fb528), (*Reader).openZstd},
	{hasPrefix("\xfd7zXZ\x00"), (*Reader).openXZ},
	{hasPrefix("BZh"), (*Reader).openBzip2},
	{hasMagic(0x184c2102), (*Reader).openLZ4Legacy},
	{hasMagic(0x184d2204), (*Reader).openLZ4},
	{isLZMA, (*Reader).openLZMA}, // the last, as it has no magic number
}

func hasPrefix(prefix string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(prefix)) }
}

// hasMagic is hasPrefix for a number of 4 bytes.
func hasMagic(magic uint32) func([]byte) bool {
	return hasPrefix(string(binary.LittleEndian.AppendUint32(nil, magic)))
}

// isSkippable reports whether head begins with a skippable frame of zstd or LZ4.
func isSkippable(head []byte) bool {
	return len(head) >= 4 && binary.LittleEndian.Uint32(head)&^0xf == 0x184d2a50
}

// Begins reports whether b begins like a compressed stream, or a skippable frame before one.
func Begins(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	for _, f := range formats {
		if f.begins(b) {
			return true
		}
	}
	return isSkippable(b)
}

// openStream finds the format of the stream that follows in r, and its reader.
func (s *Reader) openStream() error {
	if err := s.skipFrames(); err != nil {
		return err
	}
	head, err := s.r.Peek(lzma.HeaderLen)
	if err != nil && err != io.EOF {
		return err
	}
	for _, f := range formats {
		if f.begins(head) {
			return f.open(s)
		}
	}
	return errNoStream
}

func (s *Reader) openGzip() error {
	if s.gzip == nil {
		s.gzip = new(gzipStream)
	}
	s.now = s.gzip
	return s.gzip.reset(s.r)
}

func (s *Reader) openZstd() error {
	if edition.Minimal {
		return edition.MissingError("Zstandard")
	}
	p := &padded{r: s.r, extra: 4}
	z, err := zstd.NewReader(p, zstd.WithDecoderMaxMemory(MaxDictionary),
		zstd.WithDecoderMaxWindow(MaxDictionary))
	if err != nil {
		return err
	}
	s.now, s.close = &paddedStream{z, p, 4, isZstdEnd}, z.Close
	return nil
}

func (s *Reader) openXZ() (err error) {
	if edition.Minimal {
		return edition.MissingError("xz")
	}
	if head, _ := s.r.Peek(xzbcj.HeadSize); xzbcj.Needed(head) {
		s.now = xzbcj.NewReader(s.r, MaxDictionary)
		return nil
	}
	s.now, err = xz.NewReader(s.r, MaxDictionary)
	return noEOF(err)
}

func (s *Reader) openBzip2() error {
	p := &padded{r: s.r, extra: 2}
	s.now = &paddedStream{bzip2.NewReader(p), p, 2, isBzip2End}
	return nil
}

// openLZ4Legacy reads a format without an end mark: zeros are empty blocks.
func (s *Reader) openLZ4Legacy() error {
	if edition.Minimal {
		return edition.MissingError("lz4")
	}
	p := &padded{r: s.r}
	s.now = &paddedStream{lz4.NewReader(p), p, 4, isLZ4LegacyEnd}
	return nil
}

func (s *Reader) openLZ4() error {
	if edition.Minimal {
		return edition.MissingError("lz4")
	}
	p := &padded{r: s.r, extra: 4}
	s.now = &paddedStream{lz4.NewReader(p), p, 4, isLZ4End}
	return nil
}

func (s *Reader) openLZMA() (err error) {
	if edition.Minimal {
		return edition.MissingError("lzma")
	}
	s.now, err = lzma.ReaderConfig{DictCap: MaxDictionary}.NewReader(s.r)
	return noEOF(err)
}

// isLZMA reports whether b is the header of an .lzma file. It has no magic number, so the
// dictionary and the size must have values that encoders write, as xz and libarchive require.
func isLZMA(b []byte) bool {
	if len(b) < lzma.HeaderLen || b[0] >= 9*5*5 {
		return false
	}
	dict := binary.LittleEndian.Uint32(b[1:])
	size := binary.LittleEndian.Uint64(b[5:])
	oneOrTwoBits := bits.OnesCount32(dict) == 1 ||
		bits.OnesCount32(dict) == 2 && dict&(dict>>1) != 0
	return dict >= lzma.MinDictCap && (oneOrTwoBits || dict == ^uint32(0)) &&
		(size == ^uint64(0) || size < 1<<38)
}
