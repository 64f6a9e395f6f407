package gzmember

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Reader reads the content of a C. It is an io.Reader, io.Seeker, io.WriterTo and io.ReaderAt.
//
// To read from the middle costs next to nothing for a stored C, where any byte is at a computable
// offset, and at most the inflating of a segment for a segmented one. A deflate C is inflated from its
// beginning, or from the current place on, up to what is wanted.
//
// All that is passed over is checked: blocks, segments and the member must begin and end where they
// should. When all of the content was read in one go, its CRC-32 was right too. What turns out to be
// wrong at the end of a segment or of the member is an error in place of the last bytes before it: from
// a damaged member nobody reads Size bytes. Content of up to 65,535 bytes is checked before any comes.
//
// Only ReadAt may be called from several goroutines at a time.
type Reader struct {
	src   io.ReaderAt
	c     Content
	pos   int64  // of the next Read
	end   int64  // where Read gives io.EOF: c.Size, unless this is a range
	chunk []byte // the content from pos on, as far as it is there
	d     *decoder
	err   error // sticky until Seek
}

// NewReader returns a reader of the content of the C that src holds where c says. It reads nothing yet.
// The error wraps ErrCorrupt if what c says is impossible. A file of 0 bytes needs no src.
//
// The reader's errors carry the offset of C. They wrap ErrCorrupt if C is not right, or not what c says;
// ErrTruncated if src ends within it; or an error of src or c.Ends. C is never inflated beyond c.Size bytes.
func NewReader(src io.ReaderAt, c Content) (*Reader, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return &Reader{src: src, c: c, end: c.Size}, nil
}

// NewRangeReader returns a reader of n bytes from byte off of the content. Its errors are those of
// NewReader; one that wraps nothing says that the range is not within c.Size bytes.
func NewRangeReader(src io.ReaderAt, c Content, off, n int64) (*RangeReader, error) {
	if off < 0 || n < 0 || off > c.Size || n > c.Size-off {
		return nil, fmt.Errorf("gzmember: %d bytes at byte %d of content of %d bytes", n, off, c.Size)
	}
	r, err := NewReader(src, c)
	if err != nil {
		return nil, err
	}
	r.pos, r.end = off, off+n
	return &RangeReader{r}, nil
}

// RangeReader reads a range of the content of a C. See Reader for what is checked.
type RangeReader struct{ r *Reader }

// Read reads on; io.EOF says that the range is at its end.
func (r *RangeReader) Read(p []byte) (int, error) { return r.r.Read(p) }

// WriteTo writes what is left of the range to w.
func (r *RangeReader) WriteTo(w io.Writer) (int64, error) { return r.r.WriteTo(w) }

// Close frees the reader's buffers for others.
func (r *RangeReader) Close() error { return r.r.Close() }

// Read reads on from the current place; io.EOF says that it is the end of the file.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.chunk) == 0 {
		if err := r.advance(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.chunk)
	r.skip(n)
	return n, nil
}

// WriteTo writes the content from the current place on to w.
func (r *Reader) WriteTo(w io.Writer) (total int64, err error) {
	for {
		if len(r.chunk) == 0 {
			if err := r.advance(); err == io.EOF {
				return total, nil
			} else if err != nil {
				return total, err
			}
		}
		n, err := w.Write(r.chunk)
		if err == nil && n < len(r.chunk) {
			err = io.ErrShortWrite
		}
		r.skip(n)
		total += int64(n)
		if err != nil {
			return total, err
		}
	}
}

// skip goes on by n bytes of the chunk.
func (r *Reader) skip(n int) {
	r.chunk = r.chunk[n:]
	r.pos += int64(n)
}

// advance makes the next chunk, from pos on.
func (r *Reader) advance() error {
	if r.err != nil {
		return r.err
	}
	if r.pos >= r.end {
		return io.EOF
	}
	if r.d == nil {
		r.d = decoders.Get().(*decoder)
	}
	if !r.d.reaches(r.pos) {
		if err := r.d.start(r.src, &r.c, r.pos); err != nil {
			return r.fail(err)
		}
	}
	for {
		chunk, err := r.d.next(r.end - r.d.pos)
		if err != nil {
			return r.fail(err)
		}
		if ahead := r.d.pos - r.pos; ahead > 0 {
			chunk = chunk[len(chunk)-int(ahead):]
			r.chunk = chunk[:min(ahead, r.end-r.pos)]
			return nil
		}
	}
}

// fail makes an error sticky.
func (r *Reader) fail(err error) error {
	r.free()
	r.err = fmt.Errorf("content member at offset %d: %w", r.c.Offset, err)
	return r.err
}

// free returns the decoder.
func (r *Reader) free() {
	r.chunk = nil
	if r.d != nil {
		r.d.release()
		r.d = nil
	}
}

// Seek sets the current place, as io.Seeker says. Beyond the end it is no error, before the beginning it is.
// It forgets an error of Read.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	if errors.Is(r.err, fs.ErrClosed) {
		return 0, r.err
	}
	base := int64(0)
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		base = r.pos
	case io.SeekEnd:
		base = r.c.Size
	default:
		return 0, errors.New("gzmember: invalid whence")
	}
	if offset > MaxSize || offset < -MaxSize || base+offset < 0 || base+offset > MaxSize {
		return 0, errors.New("gzmember: invalid offset")
	}
	to := base + offset
	if by := to - r.pos; by >= 0 && by <= int64(len(r.chunk)) {
		r.skip(int(by))
	} else {
		r.chunk = nil
		r.pos = to
	}
	r.err = nil
	return to, nil
}

// ReadAt reads len(p) bytes from byte off of the content, as io.ReaderAt says. It does not touch the
// current place.
func (r *Reader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("gzmember: negative offset")
	}
	if off >= r.c.Size {
		return 0, io.EOF
	}
	part := Reader{src: r.src, c: r.c, pos: off, end: off + min(int64(len(p)), r.c.Size-off)}
	defer part.free()
	n := 0
	for part.pos < part.end {
		m, err := part.Read(p[n:])
		n += m
		if err != nil {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Close frees the reader's buffers for others. It does not close src.
func (r *Reader) Close() error {
	r.free()
	r.err = fs.ErrClosed
	return nil
}
