package sidecar

import (
	"crypto/sha256"
	"fmt"
	"io"
	"sync"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Header is the header of a sidecar, the first bytes of the file.
type Header = [layout.HeaderSize]byte

// OpenChecked is [OpenReaderAt] for a sidecar with SHA-256 sums of which only the header is
// trusted: the caller has it from elsewhere, or has checked its SHA-256. Every other byte is
// compared with the sums before the Index uses it: the header has the sum of the list sums, these
// have those of the block sums, and these have those of all else. It reads whole blocks of 64 KiB,
// and holds the last 64 of them in memory. The sections of features that it does not know have no
// sums. It does not use them, and only [Index.ReadAt] returns them, as they are.
//
// Opening reads the list sums, 32 bytes for each 128 MiB of the sidecar. The error wraps
// [ErrNoSums], [ErrSum], [ErrCorrupt] or [ErrVersion], or is one of r. The later methods return
// errors that wrap [ErrSum], too.
func OpenChecked(header *Header, r io.ReaderAt, size int64) (*Index, error) {
	h, err := parseHeader((*layout.Header)(header), size)
	if err != nil {
		return nil, err
	}
	if !h.hasSums() {
		return nil, ErrNoSums
	}
	c := &checkedReader{header: *header, h: h, r: r}
	s := h.sections[layout.ListSums]
	c.lists = make([]byte, s.Len)
	if err := layout.ReadFull(r, c.lists, s.Off); err != nil {
		return nil, err
	}
	if sha256.Sum256(c.lists) != h.listsSum {
		return nil, sumError(s, 0)
	}
	return OpenReaderAt(c, size)
}

// sumError returns the ErrSum of the bytes from off on of a section.
func sumError(s layout.Span, off int64) error {
	return fmt.Errorf("%w: byte %d of the index, in section %s",
		ErrSum, s.Off+off, layout.SectionName(s.ID))
}

// checkedReader reads a sidecar block by block and compares each block with its sum.
type checkedReader struct {
	header Header
	h      *header
	r      io.ReaderAt
	lists  []byte // the section of list sums

	mu     sync.Mutex
	blocks [checkedBlocks]checkedBlock
	clock  uint64
}

// checkedBlocks is how many blocks are held in memory.
const checkedBlocks = 64

// checkedBlock is a part of the sidecar whose sum is right. It is not changed any more.
type checkedBlock struct {
	span layout.Span // of the part; Hash is not set
	b    []byte
	used uint64 // time of the last use
}

// ReadAt implements [io.ReaderAt] for the bytes of a sidecar.
func (c *checkedReader) ReadAt(p []byte, off int64) (n int, err error) {
	size, end := c.h.size(), c.h.sections[layout.ListSums].End()
	for n < len(p) {
		at := off + int64(n)
		if at < 0 || at >= size {
			return n, io.EOF
		}
		if at >= end { // a section of a feature that is not known
			rest := p[n:][:min(int64(len(p)-n), size-at)]
			if err := layout.ReadFull(c.r, rest, at); err != nil {
				return n, err
			}
			n += len(rest)
			continue
		}
		b, err := c.at(at)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b)
	}
	return n, nil
}

// at returns checked bytes from off on, at least one. It has them up to the end of the list sums.
func (c *checkedReader) at(off int64) ([]byte, error) {
	blocks, lists := &c.h.sections[layout.BlockSums], &c.h.sections[layout.ListSums]
	switch {
	case off < layout.HeaderSize:
		return c.header[off:], nil
	case off < blocks.Off:
		k := off / layout.SumBlock
		from := max(k*layout.SumBlock, layout.HeaderSize)
		b, err := c.block(layout.Span{Off: from, Len: min((k+1)*layout.SumBlock, blocks.Off) - from},
			func() (Sum, error) { return c.blockSum(k) })
		return tail(b, off-from), err
	case off < blocks.End():
		b, from, err := c.listBlock(off - blocks.Off)
		return tail(b, off-blocks.Off-from), err
	case off < lists.Off: // the gap
		return make([]byte, lists.Off-off), nil
	}
	return c.lists[off-lists.Off:], nil
}

// tail returns b from byte n on, if b has as many.
func tail(b []byte, n int64) []byte { return b[min(n, int64(len(b))):] }

// blockSum returns the sum of block k of the sidecar.
func (c *checkedReader) blockSum(k int64) (s Sum, err error) {
	b, from, err := c.listBlock(k * layout.SumSize)
	if err == nil {
		s = Sum(b[k*layout.SumSize-from:])
	}
	return s, err
}

// listBlock returns the block of the section of block sums that has the byte at off, and where it
// begins there.
func (c *checkedReader) listBlock(off int64) (b []byte, from int64, err error) {
	s := &c.h.sections[layout.BlockSums]
	k := off / layout.SumBlock
	from = k * layout.SumBlock
	b, err = c.block(layout.Span{
		ID: s.ID, Off: s.Off + from, Len: min(layout.SumBlock, s.Len-from),
	}, func() (Sum, error) { return Sum(c.lists[k*layout.SumSize:]), nil })
	return b, from, err
}

// block returns a part of the sidecar, from memory or after a comparison with its sum.
func (c *checkedReader) block(span layout.Span, sum func() (Sum, error)) ([]byte, error) {
	if b := c.held(span); b != nil {
		return b, nil
	}
	want, err := sum()
	if err != nil {
		return nil, err
	}
	b := make([]byte, span.Len)
	if err := layout.ReadFull(c.r, b, span.Off); err != nil {
		return nil, err
	}
	if sha256.Sum256(b) != want {
		return nil, sumError(c.sectionAt(span.Off), 0)
	}
	c.hold(span, b)
	return b, nil
}

// sectionAt returns the section at an offset of the sidecar, beginning there.
func (c *checkedReader) sectionAt(off int64) layout.Span {
	for _, s := range c.h.all {
		if off < s.End() {
			return layout.Span{ID: s.ID, Off: off}
		}
	}
	return layout.Span{Off: off}
}

// held returns a part of the sidecar that is in memory, or nil.
func (c *checkedReader) held(span layout.Span) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.blocks {
		if h := &c.blocks[i]; h.b != nil && h.span.Off == span.Off {
			c.clock++
			h.used = c.clock
			return h.b
		}
	}
	return nil
}

// hold keeps a part of the sidecar in memory, in place of the one that was used least recently.
func (c *checkedReader) hold(span layout.Span, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	oldest := &c.blocks[0]
	for i := range c.blocks {
		if c.blocks[i].used < oldest.used {
			oldest = &c.blocks[i]
		}
	}
	c.clock++
	*oldest = checkedBlock{span, b, c.clock}
}
