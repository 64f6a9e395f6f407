package export

import (
	"io"
	"os"

	"github.com/tarpack/tpk/tarpack"
)

const (
	writeBuffer = maxWindow // bytes gathered before they are written
	minWindow   = 16 << 10  // bytes of the archive read at once, to begin with
	maxWindow   = 256 << 10
	minSent     = 32 << 10 // of the archive that are left to a FileSender
)

// FileSender is a writer that can send a part of a file by itself, without the bytes passing through the program. Less than n
// bytes is an error.
type FileSender interface {
	io.Writer
	SendFile(f *os.File, off, n int64) error
}

// A SpanSender is a writer that can send several spans at once, and has the archive in memory to send it from. All that is sent must have
// been in the file.
type SpanSender interface {
	FileSender
	SendSpans(spans []Span) error
}

// WriteTo writes all of the file to w.
func (f *File) WriteTo(w io.Writer) (int64, error) { return f.WriteRange(w, 0, f.size) }

// WriteRange writes n bytes from off on to w, in pieces of 256 KiB. Small spans, such as those of a zip of many small files, are
// gathered: for a SpanSender as they are, else of the archive it reads ahead as far as what lies side by side in the one does so in the
// other. Long ones are left to w, if that is a FileSender.
func (f *File) WriteRange(w io.Writer, off, n int64) (written int64, err error) {
	g := &gatherer{w: w, win: window{a: f.a}, buf: make([]byte, 0, writeBuffer)}
	g.sender, _ = w.(FileSender)
	g.spanSender, _ = w.(SpanSender)
	for s, err := range f.Spans(off, n) {
		if err == nil && s.Bytes != nil {
			err = g.bytes(s.Bytes)
		} else if err == nil {
			err = g.archive(s.Offset, s.Length)
		}
		if err != nil {
			return g.written, err
		}
	}
	err = g.flush()
	return g.written, err
}

// gatherer puts spans together.
type gatherer struct {
	w       io.Writer
	sender  FileSender // w, if it is one
	win     window
	buf     []byte
	written int64

	spanSender SpanSender // w, if it is one; the bytes of spans are in buf then
	spans      []Span
	length     int64 // of these
}

// maxSpans is how many spans go out at once, of maxWindow bytes at most.
const maxSpans = 512

func (g *gatherer) flush() error {
	if g.spanSender != nil {
		return g.flushSpans()
	}
	if len(g.buf) == 0 {
		return nil
	}
	n, err := g.w.Write(g.buf)
	g.written += int64(n)
	g.buf = g.buf[:0]
	return err
}

func (g *gatherer) flushSpans() error {
	if len(g.spans) == 0 {
		return nil
	}
	err := g.spanSender.SendSpans(g.spans)
	if err == nil {
		g.written += g.length
	}
	g.spans, g.length, g.buf = g.spans[:0], 0, g.buf[:0]
	return err
}

// gather takes a span for the SpanSender.
func (g *gatherer) gather(s Span) error {
	n := s.len()
	for n > maxWindow {
		if err := g.gather(s.clip(0, 0, maxWindow)); err != nil {
			return err
		}
		s = s.clip(0, maxWindow, n)
		n -= maxWindow
	}
	if len(g.spans) == maxSpans || g.length+n > maxWindow {
		if err := g.flushSpans(); err != nil {
			return err
		}
	}
	g.length += n
	if s.Bytes != nil {
		at := len(g.buf)
		g.buf = append(g.buf, s.Bytes...) // there is room: it has no less than all spans together
		if k := len(g.spans) - 1; k >= 0 && g.spans[k].Bytes != nil {
			at -= len(g.spans[k].Bytes) // one with what was made before
			g.spans[k].Bytes = g.buf[at:]
			return nil
		}
		s.Bytes = g.buf[at:]
	}
	g.spans = append(g.spans, s)
	return nil
}

func (g *gatherer) bytes(b []byte) error {
	if g.spanSender != nil {
		return g.gather(Span{Bytes: b})
	}
	for len(b) > 0 {
		n := copy(g.buf[len(g.buf):cap(g.buf)], b)
		g.buf, b = g.buf[:len(g.buf)+n], b[n:]
		if len(g.buf) == cap(g.buf) {
			if err := g.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// archive takes n bytes of the archive: short runs through the window, longer ones straight.
func (g *gatherer) archive(off, n int64) error {
	for g.sender != nil && n >= minSent {
		sent, err := g.send(off, n)
		if err != nil {
			return err
		}
		if sent == 0 {
			break
		}
		off, n = off+sent, n-sent
	}
	if g.spanSender != nil {
		return g.gather(Span{Offset: off, Length: n})
	}
	for n > 0 && n < maxWindow/2 {
		b, err := g.win.at(off, n)
		if err != nil {
			return err
		}
		if err := g.bytes(b); err != nil {
			return err
		}
		off, n = off+int64(len(b)), n-int64(len(b))
	}
	for n > 0 {
		room := g.buf[len(g.buf):cap(g.buf)]
		room = room[:min(int64(len(room)), n)]
		m, err := g.win.a.Source().ReadAt(room, off)
		if m < len(room) {
			return short(g.win.a, err)
		}
		g.buf = g.buf[:len(g.buf)+m]
		off, n = off+int64(m), n-int64(m)
		if len(g.buf) == cap(g.buf) {
			if err := g.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// send sends the bytes of the archive from off on that lie in one file, at most n. It returns how many it
// sent, 0 if they lie in no file.
func (g *gatherer) send(off, n int64) (int64, error) {
	piece, ok, err := g.win.a.Source().Piece(off, n)
	if err != nil || !ok {
		return 0, err
	}
	defer piece.Release()
	if err := g.flush(); err != nil {
		return 0, err
	}
	if err := g.sender.SendFile(piece.File, piece.Offset, piece.Length); err != nil {
		return 0, err
	}
	g.written += piece.Length
	return piece.Length, nil
}

// window is a part of the archive in memory. It grows as long as what is asked for next lies in it or close behind it.
type window struct {
	a    *tarpack.Archive
	buf  []byte
	off  int64
	size int64
}

// at gives bytes from off on, n at most and at least one.
func (w *window) at(off, n int64) ([]byte, error) {
	end := w.off + int64(len(w.buf))
	if off < w.off || off >= end {
		if near := off - end; near >= 0 && near < minWindow {
			w.size = min(2*w.size, maxWindow)
		} else {
			w.size = 0
		}
		w.size = max(w.size, minWindow)
		if err := w.fill(off, max(w.size, n)); err != nil {
			return nil, err
		}
	}
	b := w.buf[off-w.off:]
	return b[:min(int64(len(b)), n)], nil
}

func (w *window) fill(off, n int64) error {
	if left := w.a.Size() - off; n > left {
		n = left
	}
	if n <= 0 {
		return short(w.a, nil)
	}
	if int64(cap(w.buf)) < n {
		w.buf = make([]byte, max(n, maxWindow))
	}
	w.buf, w.off = w.buf[:n], off
	m, err := w.a.Source().ReadAt(w.buf, off)
	if int64(m) < n {
		w.buf = w.buf[:0]
		return short(w.a, err)
	}
	return nil
}
