package convert

import (
	"archive/zip"
	"bufio"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/compressed"
	"github.com/tarpack/tpk/tarpack/internal/deflate64"
)

// Methods of compression (APPNOTE, section 4.4.5) that archive/zip does not know.
const (
	zipDeflate64 = 9
	zipBzip2     = 12
	zipLZMA      = 14
	zipXZ        = 95
)

const zipLZMAMarker = 2 // a bit of the general purpose flags: the stream has an end marker

// openZip opens the content of a file. Its size and CRC-32 are those of the central directory, as
// for the deflate streams that are copied; a data descriptor behind the content is not read.
func openZip(zf *zip.File) (io.ReadCloser, error) {
	raw, err := zf.OpenRaw()
	if err != nil {
		return nil, err
	}
	c := &zipContent{zf: zf, crc: crc32.NewIEEE(), close: func() {}}
	br := bufio.NewReader(raw)
	switch zf.Method {
	case zip.Store:
		c.r = raw
	case zip.Deflate:
		c.r, c.rest = flate.NewReader(br), br
	case zipBzip2:
		c.r = bzip2.NewReader(br)
	case zipDeflate64:
		c.r, c.rest = deflate64.NewReader(br), br
	default:
		err = c.openRare(br)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// openRare is openZip for methods that few programs use.
func (c *zipContent) openRare(br *bufio.Reader) (err error) {
	if edition.Minimal {
		return fmt.Errorf("%w %d", zip.ErrAlgorithm, c.zf.Method)
	}
	switch c.zf.Method {
	case zipLZMA:
		c.r, err = newZipLZMA(c.zf, br)
	case zipXZ:
		c.r, err = xz.NewReader(br, compressed.MaxDictionary)
	case zstd.ZipMethodWinZip, zstd.ZipMethodPKWare:
		var z *zstd.Decoder
		if z, err = zstd.NewReader(br, zstd.WithDecoderMaxMemory(compressed.MaxDictionary),
			zstd.WithDecoderMaxWindow(compressed.MaxDictionary)); err == nil {
			c.r, c.close = z, z.Close
		}
	default:
		err = fmt.Errorf("%w %d", zip.ErrAlgorithm, c.zf.Method)
	}
	return err
}

// newZipLZMA makes the header of an .lzma file of what precedes a stream in a zip: a version, the
// length of the properties, and these (APPNOTE, section 5.8.8).
func newZipLZMA(zf *zip.File, r *bufio.Reader) (io.Reader, error) {
	const properties = 5
	var head [4 + properties]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, zip.ErrFormat
	}
	if binary.LittleEndian.Uint16(head[2:]) != properties {
		return nil, zip.ErrFormat
	}
	size := zf.UncompressedSize64
	if zf.Flags&zipLZMAMarker != 0 {
		size = ^uint64(0)
	}
	b := binary.LittleEndian.AppendUint64(head[4:], size)
	return lzma.ReaderConfig{DictCap: compressed.MaxDictionary}.NewReader(&prefixed{b, r})
}

// prefixed reads b and then r, and does not read ahead.
type prefixed struct {
	b []byte
	r *bufio.Reader
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return p.r.Read(b)
	}
	n := copy(b, p.b)
	p.b = p.b[n:]
	return n, nil
}

// A zipContent checks what it reads. An error of the content is a zip.ErrFormat or a
// zip.ErrChecksum.
type zipContent struct {
	r     io.Reader
	rest  *bufio.Reader // must be at its end with r, if set
	zf    *zip.File
	crc   hash.Hash32
	n     uint64
	close func()
}

func (c *zipContent) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.crc.Write(b[:n])
	c.n += uint64(n)
	switch {
	case c.n > c.zf.UncompressedSize64:
		return 0, fmt.Errorf("%w: longer than its size", zip.ErrFormat)
	case err == nil:
	case err != io.EOF:
		err = fmt.Errorf("%w: %w", zip.ErrFormat, err)
	case c.n < c.zf.UncompressedSize64:
		err = fmt.Errorf("%w: shorter than its size", zip.ErrFormat)
	case c.crc.Sum32() != c.zf.CRC32:
		err = zip.ErrChecksum
	case c.rest != nil:
		if _, errRest := c.rest.Peek(1); errRest == nil {
			err = fmt.Errorf("%w: bytes follow its deflate stream", zip.ErrFormat)
		}
	}
	return n, err
}

// zipEntryError returns the error of an entry as an ErrEntryDamaged, if its content is damaged. The
// words of readers and of gzip members are left out: an entry of a zip is none.
func zipEntryError(err error) error {
	var text string
	switch {
	case errors.Is(err, zip.ErrChecksum):
		text = ": its CRC-32 is wrong"
	case errors.Is(err, zip.ErrFormat):
		text = strings.TrimPrefix(err.Error(), zip.ErrFormat.Error())
	case errors.Is(err, format.ErrCorrupt), errors.Is(err, format.ErrTruncated):
		text = ": its compressed data, size or CRC-32 is wrong"
	default:
		return err
	}
	return fmt.Errorf("%w%s", ErrEntryDamaged, text)
}

func (c *zipContent) Close() error {
	c.close()
	return nil
}
