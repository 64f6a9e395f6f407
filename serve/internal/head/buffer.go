package head

import (
	"bytes"
	"io"
	"sync"
)

// Buffer holds what was read from a connection and is not used yet. It has memory only while there
// is something in it. The zero value is empty.
type Buffer struct {
	buf  *[]byte // nil: no memory
	r, w int     // what is not used yet is (*buf)[r:w]
}

// BufferSize is the memory of a Buffer in bytes, until a head needs more.
const BufferSize = 4 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, BufferSize); return &b }}

// Empty reports whether everything was used.
func (b *Buffer) Empty() bool { return b.r == b.w }

// Unused returns what is not used yet. It is valid until the next call of a method.
func (b *Buffer) Unused() []byte {
	if b.buf == nil {
		return nil
	}
	return (*b.buf)[b.r:b.w]
}

// Use takes n bytes off the front.
func (b *Buffer) Use(n int) { b.r += n }

// Next returns the head at the front, up to and with its empty line, or nil if it is not complete.
// An empty line before a head is passed over (RFC 9112 §2.2).
func (b *Buffer) Next() []byte {
	if b.w-b.r >= 2 && (*b.buf)[b.r] == '\r' && (*b.buf)[b.r+1] == '\n' {
		b.r += 2
	}
	have := (*b.buf)[b.r:b.w]
	if i := bytes.Index(have, endOfHead); i >= 0 {
		return have[:i+len(endOfHead)]
	}
	return nil
}

// Start reads the first bytes of a head. The Buffer must be empty.
func (b *Buffer) Start(r io.Reader) error {
	b.r, b.w = 0, 0
	if b.buf == nil {
		b.buf = buffers.Get().(*[]byte)
	}
	var err error
	if b.w, err = r.Read(*b.buf); b.w > 0 {
		err = nil // TLS 1.2 reports the end together with the last bytes, and then again
	}
	return err
}

// More reads more of a head that is not complete, in up to limit bytes of memory.
func (b *Buffer) More(r io.Reader, limit int) error {
	if b.w == len(*b.buf) {
		rest := b.Unused()
		if b.r == 0 {
			larger := make([]byte, min(2*len(*b.buf), limit))
			b.buf = &larger
		}
		b.r, b.w = 0, copy(*b.buf, rest)
	}
	n, err := r.Read((*b.buf)[b.w:])
	if b.w += n; n > 0 {
		err = nil
	}
	return err
}

// InLine reports whether what is not used yet is part of a head's first line, whose end is not
// among the first limit bytes.
func (b *Buffer) InLine(limit int) bool {
	rest := b.Unused()
	return bytes.IndexByte(rest[:min(limit, len(rest))], '\n') < 0
}

// Bad reports whether what is not used yet can't become a head. So a client that speaks TLS, or
// ends its lines with LF alone, gets its answer at once and not after a timeout.
func (b *Buffer) Bad() bool {
	rest := b.Unused()
	if len(rest) > 0 && tokenChar[rest[0]] == 0 && rest[0] != '\r' {
		return true
	}
	for {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return false
		}
		if i == 0 || rest[i-1] != '\r' {
			return true
		}
		rest = rest[i+1:]
	}
}

// Drop gives the memory back. The Buffer must be empty.
func (b *Buffer) Drop() {
	if b.buf != nil && len(*b.buf) == BufferSize {
		buffers.Put(b.buf)
	}
	*b = Buffer{}
}

// Borrow makes the first n bytes of memory that belongs to the caller the content of an empty
// Buffer, until Return or Keep.
func (b *Buffer) Borrow(memory *[]byte, n int) { *b = Buffer{buf: memory, w: n} }

// Return ends a Borrow after which everything was used.
func (b *Buffer) Return() { *b = Buffer{} }

// Keep ends a Borrow by copying what is not used yet to memory of the Buffer's own.
func (b *Buffer) Keep() {
	rest := b.Unused()
	*b = Buffer{w: len(rest)}
	if len(rest) == 0 {
		return
	}
	if len(rest) <= BufferSize {
		b.buf = buffers.Get().(*[]byte)
	} else {
		own := make([]byte, len(rest))
		b.buf = &own
	}
	copy(*b.buf, rest)
}
