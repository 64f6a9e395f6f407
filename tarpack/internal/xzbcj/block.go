package xzbcj

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"

	"github.com/ulikunitz/xz/lzma"
)

// Filters (section 5.3).
const (
	idARM64 = 0x0a
	idRISCV = 0x0b
	idLZMA2 = 0x21
)

// A blockHeader is the header of a block (section 3.1).
type blockHeader struct {
	packed, content uint64 // sizes in bytes, or unknown
	filters         []filterFlags
}

const unknown = ^uint64(0)

// filterFlags are a filter and its properties.
type filterFlags struct {
	id         uint64
	properties []byte
}

// parseBlockHeader parses a header, from its size byte to its CRC-32.
func parseBlockHeader(b []byte) (h blockHeader, err error) {
	body := b[:len(b)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(b[len(body):]) {
		return h, ErrCorrupt
	}
	flags, rest := body[1], body[2:]
	number := func() (v uint64) {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			err, n = ErrCorrupt, 0
		}
		rest = rest[n:]
		return v
	}
	if flags&0x3c != 0 {
		return h, ErrFilter
	}
	h.packed, h.content = unknown, unknown
	if flags&0x40 != 0 {
		h.packed = number()
	}
	if flags&0x80 != 0 {
		h.content = number()
	}
	for range flags&3 + 1 {
		f := filterFlags{id: number()}
		n := number()
		if err != nil || n > uint64(len(rest)) {
			return h, ErrCorrupt
		}
		f.properties, rest = rest[:n], rest[n:]
		h.filters = append(h.filters, f)
	}
	if len(bytes.Trim(rest, "\x00")) > 0 {
		return h, ErrFilter
	}
	return h, nil
}

// A block decodes the content of a block.
type block struct {
	z      *Reader
	header blockHeader
	start  int64 // bytes of the header
	r      io.Reader
	check  hash.Hash // nil: none
	n      uint64    // bytes decoded
}

// newBlock reads the header of a block whose first byte, its size, was read.
func newBlock(z *Reader, size byte) (*block, error) {
	head := make([]byte, (int(size)+1)*4)
	head[0] = size
	if err := z.r.full(head[1:]); err != nil {
		return nil, err
	}
	h, err := parseBlockHeader(head)
	if err != nil {
		return nil, err
	}
	b := &block{z: z, header: h, start: z.r.n}
	last := len(h.filters) - 1
	dict, err := dictionary(h.filters[last], z.maxDict)
	if err != nil {
		return nil, err
	}
	if b.r, err = (lzma.Reader2Config{DictCap: dict}).NewReader2(&z.r); err != nil {
		return nil, err
	}
	for _, f := range slices.Backward(h.filters[:last]) {
		if b.r, err = newFilter(b.r, f); err != nil {
			return nil, err
		}
	}
	b.check, err = newCheck(z.flags[1])
	return b, err
}

// dictionary returns the size of the dictionary of LZMA2, which must be the last filter (section
// 5.3.1).
func dictionary(f filterFlags, most int) (int, error) {
	if f.id != idLZMA2 || len(f.properties) != 1 || f.properties[0] > 40 {
		return 0, fmt.Errorf("%w: filter %#x", ErrFilter, f.id)
	}
	size := int64(1<<32 - 1)
	if bits := f.properties[0]; bits < 40 {
		size = int64(2|bits&1) << (bits/2 + 11)
	}
	if size > int64(most) {
		return 0, fmt.Errorf("%w: a dictionary of %d bytes, at most %d are allowed", ErrFilter, size,
			most)
	}
	return int(size), nil
}

func (b *block) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += uint64(n)
	if b.check != nil {
		b.check.Write(p[:n])
	}
	return n, err
}

// finish reads what follows the content of a block.
func (b *block) finish() (record, error) {
	r := &b.z.r
	packed := uint64(r.n - b.start)
	rec := record{uint64(r.n), b.n}
	if err := r.padding(); err != nil {
		return rec, err
	}
	var want []byte
	if b.check != nil {
		want = b.check.Sum(nil)
		if len(want) < 32 { // a CRC is little-endian
			slices.Reverse(want)
		}
	}
	got := make([]byte, len(want))
	if err := r.full(got); err != nil {
		return rec, err
	}
	rec.unpadded += uint64(len(got))
	h := b.header
	if !bytes.Equal(got, want) || h.packed != unknown && h.packed != packed ||
		h.content != unknown && h.content != b.n {
		return rec, ErrCorrupt
	}
	return rec, nil
}
