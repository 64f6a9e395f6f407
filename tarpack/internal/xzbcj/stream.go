package xzbcj

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
)

// ErrCorrupt: the stream is damaged.
var ErrCorrupt = errors.New("damaged xz data")

// ErrFilter: the stream has a filter that is not decoded here, or an unknown option.
var ErrFilter = errors.New("xz data with an unknown filter or option")

var (
	headerMagic = []byte("\xfd7zXZ\x00")
	footerMagic = []byte("YZ")
)

const (
	streamHeader = 12 // bytes, as is the footer
	maxBlockHead = 1024
)

// HeadSize is how many bytes of a stream Needed looks at.
const HeadSize = streamHeader + maxBlockHead

// Needed reports whether a stream that begins with b has a filter in its first block that only this
// package decodes. It may be wrong if b has fewer bytes than HeadSize and the stream has more.
func Needed(b []byte) bool {
	if len(b) < streamHeader+1 || !bytes.HasPrefix(b, headerMagic) {
		return false
	}
	b = b[streamHeader:]
	size := (int(b[0]) + 1) * 4
	if b[0] == 0 || len(b) < size {
		return false
	}
	h, err := parseBlockHeader(b[:size])
	if err != nil {
		return false
	}
	for _, f := range h.filters {
		if f.id == idARM64 || f.id == idRISCV {
			return true
		}
	}
	return false
}

// A Reader decodes one stream. It takes no byte from the source that is not part of it.
type Reader struct {
	r       counter
	maxDict int
	flags   [2]byte
	block   *block // nil between two
	records []record
	err     error
}

// A record is what the index has of a block.
type record struct{ unpadded, content uint64 }

// maxRecords limits the blocks of a stream, whose records are kept. At 24 MiB a block, which xz
// chooses for several threads, that is 24 TiB.
const maxRecords = 1 << 20

// NewReader returns a Reader of the stream that r is at. Dictionaries may have up to maxDict bytes.
// An early end is io.ErrUnexpectedEOF; other errors are ErrCorrupt, ErrFilter, and those of lzma.
func NewReader(r *bufio.Reader, maxDict int) *Reader {
	z := &Reader{r: counter{r: r}, maxDict: maxDict}
	z.err = z.header()
	return z
}

// Read decodes the next bytes. It returns io.EOF at the end of the stream.
func (z *Reader) Read(b []byte) (int, error) {
	for z.err == nil && len(b) > 0 {
		if z.block == nil {
			if z.err = z.next(); z.err != nil {
				break
			}
		}
		n, err := z.block.Read(b)
		if err == io.EOF {
			var rec record
			if rec, err = z.block.finish(); err == nil {
				z.records, z.block = append(z.records, rec), nil
			}
		}
		z.err = err
		if n > 0 {
			return n, nil
		}
	}
	return 0, z.err
}

// header reads the header of the stream (section 2.1.1).
func (z *Reader) header() error {
	var b [streamHeader]byte
	if err := z.r.full(b[:]); err != nil {
		return err
	}
	if !bytes.HasPrefix(b[:], headerMagic) ||
		crc32.ChecksumIEEE(b[6:8]) != binary.LittleEndian.Uint32(b[8:]) {
		return ErrCorrupt
	}
	z.flags = [2]byte(b[6:8])
	if _, err := newCheck(z.flags[1]); err != nil || z.flags[0] != 0 {
		return ErrFilter
	}
	return nil
}

// newCheck returns the check with an id (section 2.1.1.2): nil for none.
func newCheck(id byte) (hash.Hash, error) {
	switch id {
	case 0:
		return nil, nil //nolint:nilnil // no check is no error
	case 1:
		return crc32.NewIEEE(), nil
	case 4:
		return crc64.New(crc64.MakeTable(crc64.ECMA)), nil
	case 10:
		return sha256.New(), nil
	}
	return nil, fmt.Errorf("%w: check %d", ErrFilter, id)
}

// next begins the next block, or reads the index and the footer and returns io.EOF.
func (z *Reader) next() (err error) {
	if len(z.records) == maxRecords {
		return fmt.Errorf("%w: more than %d blocks", ErrFilter, maxRecords)
	}
	z.r.n = 0
	size, err := z.r.ReadByte()
	if err != nil {
		return noEOF(err)
	}
	if size == 0 {
		if err := z.index(); err != nil {
			return err
		}
		return io.EOF
	}
	z.block, err = newBlock(z, size)
	return err
}

// index reads the index, whose first byte was read, and compares it with the blocks (section 4).
// Then it reads the footer (section 2.1.2).
func (z *Reader) index() error {
	sum := crc32.NewIEEE()
	z.r.sum = sum
	sum.Write([]byte{0})
	n, err := z.r.number()
	if err != nil {
		return err
	}
	if n != uint64(len(z.records)) {
		return ErrCorrupt
	}
	for _, want := range z.records {
		unpadded, err := z.r.number()
		if err != nil {
			return err
		}
		content, err := z.r.number()
		if err != nil {
			return err
		}
		if (record{unpadded, content}) != want {
			return ErrCorrupt
		}
	}
	if err := z.r.padding(); err != nil {
		return err
	}
	z.r.sum = nil
	var b [4 + streamHeader]byte
	if err := z.r.full(b[:]); err != nil {
		return err
	}
	footer := b[4:]
	backward := (int64(binary.LittleEndian.Uint32(footer[4:])) + 1) * 4
	if binary.LittleEndian.Uint32(b[:]) != sum.Sum32() ||
		binary.LittleEndian.Uint32(footer) != crc32.ChecksumIEEE(footer[4:10]) ||
		backward != z.r.n-streamHeader || [2]byte(footer[8:10]) != z.flags ||
		!bytes.Equal(footer[10:], footerMagic) {
		return ErrCorrupt
	}
	return nil
}

// A counter counts bytes, and adds them to a checksum if that is set.
type counter struct {
	r   *bufio.Reader
	n   int64
	sum hash.Hash32
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if c.sum != nil {
		c.sum.Write(b[:n])
	}
	return n, err
}

func (c *counter) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
		if c.sum != nil {
			c.sum.Write([]byte{b})
		}
	}
	return b, err
}

func (c *counter) full(b []byte) error {
	_, err := io.ReadFull(c, b)
	return noEOF(err)
}

// number reads a number of variable length (section 1.2).
func (c *counter) number() (uint64, error) {
	v, err := binary.ReadUvarint(c)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = ErrCorrupt
	}
	return v, noEOF(err)
}

// padding reads zeros up to a multiple of four bytes.
func (c *counter) padding() error {
	for c.n%4 != 0 {
		b, err := c.ReadByte()
		if err != nil {
			return noEOF(err)
		}
		if b != 0 {
			return ErrCorrupt
		}
	}
	return nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
