package convert

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// Flags of a gzip header (RFC 1952, section 2.3.1).
const (
	gzipHeaderCRC = 1 << 1
	gzipExtra     = 1 << 2
	gzipName      = 1 << 3
	gzipComment   = 1 << 4
	gzipReserved  = 0xe0
)

// A gzipStream reads one member (RFC 1952). Unlike the libraries it reads names and comments of any
// length. It does not read beyond the member.
type gzipStream struct {
	r    *bufio.Reader
	z    io.ReadCloser // a flate.Resetter
	crc  uint32
	size uint32 // modulo 2^32
	err  error
}

var (
	errGzipHeader   = errors.New("gzip: the header is invalid")
	errGzipChecksum = errors.New("gzip: the checksum is wrong")
)

// reset begins the member that follows in r.
func (g *gzipStream) reset(r *bufio.Reader) error {
	g.r, g.crc, g.size, g.err = r, 0, 0, nil
	if err := g.skipHeader(); err != nil {
		return noEOF(err)
	}
	if g.z == nil {
		g.z = flate.NewReader(r)
		return nil
	}
	return g.z.(flate.Resetter).Reset(r, nil)
}

// skipHeader reads the header.
func (g *gzipStream) skipHeader() error {
	h := headerReader{r: g.r}
	head := h.take(10)
	if h.err == nil && (head[0] != 0x1f || head[1] != 0x8b || head[2] != 8 ||
		head[3]&gzipReserved != 0) {
		return errGzipHeader
	}
	flags := head[3]
	if flags&gzipExtra != 0 {
		h.take(int(binary.LittleEndian.Uint16(h.take(2))))
	}
	for _, text := range []byte{gzipName, gzipComment} {
		if flags&text != 0 {
			h.skipText()
		}
	}
	if flags&gzipHeaderCRC != 0 {
		want := uint16(h.crc)
		if got := binary.LittleEndian.Uint16(h.take(2)); h.err == nil && got != want {
			return errGzipHeader
		}
	}
	return h.err
}

// A headerReader reads a header and sums it up. After an error it reads zeros.
type headerReader struct {
	r   *bufio.Reader
	crc uint32
	err error
}

func (h *headerReader) take(n int) []byte {
	b := make([]byte, n)
	if h.err == nil {
		_, h.err = io.ReadFull(h.r, b)
		h.crc = crc32.Update(h.crc, crc32.IEEETable, b)
	}
	return b
}

// skipText reads to the next NUL.
func (h *headerReader) skipText() {
	for h.err == nil {
		b, err := h.r.ReadSlice(0)
		h.crc = crc32.Update(h.crc, crc32.IEEETable, b)
		if err == nil {
			return
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			h.err = err
		}
	}
}

func (g *gzipStream) Read(b []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.z.Read(b)
	g.crc = crc32.Update(g.crc, crc32.IEEETable, b[:n])
	g.size += uint32(n)
	if err == io.EOF {
		err = g.checkTrailer()
	}
	g.err = err
	return n, err
}

// checkTrailer reads the trailer. It returns io.EOF if it is right.
func (g *gzipStream) checkTrailer() error {
	var b [8]byte
	if _, err := io.ReadFull(g.r, b[:]); err != nil {
		return noEOF(err)
	}
	if binary.LittleEndian.Uint32(b[:]) != g.crc || binary.LittleEndian.Uint32(b[4:]) != g.size {
		return errGzipChecksum
	}
	return io.EOF
}
