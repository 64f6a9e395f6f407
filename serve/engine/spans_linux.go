package engine

import (
	"errors"
	"io"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/tarpack/export"
)

// exportSink is the writer for an export of an archive that is mapped, if it is: the system copies many small pieces of it at once, and
// straight from where they are. Whole tells if the file behind it has not become shorter.
func exportSink(w sink, mapped []byte, whole func() bool) io.Writer {
	if c, ok := w.(*conn); ok && c.raw != nil && mapped != nil {
		return &spanSender{fileSender: fileSender{w}, c: c, mapped: mapped, whole: whole}
	}
	return fileSender{w}
}

// A spanSender sends spans by writev.
type spanSender struct {
	fileSender
	c      *conn
	mapped []byte // must only be given to the kernel
	whole  func() bool
	iov    []unix.Iovec
}

// SendSpans implements export.SpanSender.
func (s *spanSender) SendSpans(spans []export.Span) error {
	s.iov = s.iov[:0]
	for i := range spans {
		b := spans[i].Bytes
		if b == nil {
			off, n := spans[i].Offset, spans[i].Length
			if off < 0 || n < 0 || off > int64(len(s.mapped))-n {
				return errShort
			}
			b = s.mapped[off : off+n]
		}
		if len(b) > 0 {
			v := unix.Iovec{Base: unsafe.SliceData(b)}
			v.SetLen(len(b))
			s.iov = append(s.iov, v)
		}
	}
	v := &s.c.vector
	defer func() {
		clear(s.iov)
		v.rest = nil
	}()
	for v.rest = s.iov; len(v.rest) > 0; v.advance() {
		s.c.now = time.Now()
		if err := s.c.armWrite(); err != nil {
			return err
		}
		if err := s.c.writev(); errors.Is(err, unix.EFAULT) {
			return errShort
		} else if err != nil {
			return err
		}
	}
	if !s.whole() {
		return errShort
	}
	return nil
}

// advance passes over what was sent.
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
