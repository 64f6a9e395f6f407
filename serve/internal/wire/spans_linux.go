package wire

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve/internal/transfer"
	"github.com/tarpack/tpk/tarpack/export"
)

// Spans returns an export.SpanSender for spans of mapped, which must only be given to the kernel,
// or nil if the connection has no descriptor. The system copies many small pieces at once, straight
// from where they are.
func (c *Conn) Spans(mapped []byte) export.SpanSender {
	if c.raw == nil {
		return nil
	}
	return &spanSender{Conn: c, mapped: mapped}
}

// A spanSender sends spans by writev.
type spanSender struct {
	*Conn
	mapped []byte
	iov    []unix.Iovec // kept for its room
}

// SendSpans implements export.SpanSender.
func (s *spanSender) SendSpans(spans []export.Span) error {
	s.iov = s.iov[:0]
	for i := range spans {
		b := spans[i].Bytes
		if b == nil {
			off, n := spans[i].Offset, spans[i].Length
			if off < 0 || n < 0 || off > int64(len(s.mapped))-n {
				return transfer.ErrShort
			}
			b = s.mapped[off : off+n]
		}
		if len(b) > 0 {
			v := unix.Iovec{Base: unsafe.SliceData(b)}
			v.SetLen(len(b))
			s.iov = append(s.iov, v)
		}
	}
	v := &s.vector
	defer func() {
		clear(s.iov)
		v.rest = nil
	}()
	for v.rest = s.iov; len(v.rest) > 0; v.advance() {
		s.Now = time.Now()
		if err := s.armWrite(); err != nil {
			return err
		}
		if err := s.writev(); errors.Is(err, unix.EFAULT) {
			return transfer.ErrShort
		} else if err != nil {
			return err
		}
	}
	return nil
}

// advance takes what was sent off the vector.
func (v *vector) advance() {
	n := v.n
	for len(v.rest) > 0 && n >= int(v.rest[0].Len) {
		n -= int(v.rest[0].Len)
		v.rest = v.rest[1:]
	}
	if n > 0 {
		part := &v.rest[0]
		part.Base = (*byte)(unsafe.Add(unsafe.Pointer(part.Base), n))
		part.SetLen(int(part.Len) - n)
	}
}
