package gzmember

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/tarpack/tpk/gzmember/coding"
)

// Reader reads the content of a C. It implements [io.Reader], [io.Seeker], [io.WriterTo] and
// [io.ReaderAt]. Only ReadAt may be called concurrently.
//
// Reading from the middle costs next to nothing for a stored C, where any byte is at a computable
// offset, and at most the inflating of one segment for a segmented C. A deflate C is inflated from
// its beginning, or from the current position, up to the bytes wanted.
//
// The reader checks all that it passes: blocks, segments and the member must begin and end where
// they should. Once all of the content has been read in order, its CRC-32 was right, too. Damage
// found at the end of a segment or of the member is an error in place of the last bytes before it,
// so Size bytes can never be read from a damaged member. Content of up to 65,535 bytes is checked
// before the first byte is returned.
type Reader struct {
	src   io.ReaderAt
	c     Content
	pos   int64  // of the next Read
	end   int64  // where Read returns io.EOF: c.Size, unless this is a range
	chunk []byte // the content from pos on, as far as it is decoded
	d     *decoder
	err   error // sticky until Seek
}

// NewReader returns a reader of the content of the C that c describes, in the archive src. It reads
// nothing yet. The error wraps [ErrCorrupt] if c is impossible. A file of 0 bytes needs no src.
//
// Errors of the reader have the offset of C. They wrap [ErrCorrupt] if C is damaged or is not as c
// describes it, [ErrTruncated] if src ends within C, or an error of src or c.Ends. No more than
// c.Size bytes are ever inflated.
func NewReader(src io.ReaderAt, c Content) (*Reader, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return &Reader{src: src, c: c, end: c.Size}, nil
}

// NewRangeReader returns a reader of n bytes from byte off of the content. Its errors are those of
// NewReader, or an error that wraps nothing if the range is not within c.Size bytes.
func NewRangeReader(src io.ReaderAt, c Content, off, n int64) (*RangeReader, error) {
	if off < 0 || n < 0 || off > c.Size || n > c.Size-off {
		return nil, fmt.Errorf("gzmember: %d bytes at byte %d of content of %d bytes",
			n, off, c.Size)
	}
	r, err := NewReader(src, c)
	if err != nil {
		return nil, err
	}
	r.pos, r.end = off, off+n
	return &RangeReader{r}, nil
}

// RangeReader reads a range of the content of a C, with the checks of [Reader].
type RangeReader struct{ r *Reader }

// Read implements [io.Reader]. It returns io.EOF at the end of the range.
func (r *RangeReader) Read(p []byte) (int, error) { return r.r.Read(p) }

// WriteTo implements [io.WriterTo]. It writes the rest of the range.
func (r *RangeReader) WriteTo(w io.Writer) (int64, error) { return r.r.WriteTo(w) }

// Close releases the buffers of the reader.
func (r *RangeReader) Close() error { return r.r.Close() }

// Read implements [io.Reader]. It returns io.EOF at the end of the file.
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

// WriteTo implements [io.WriterTo]. It writes the content from the current position on.
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

// skip moves past n bytes of the chunk.
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

// free returns the decoder to the pool.
func (r *Reader) free() {
	r.chunk = nil
	if r.d != nil {
		r.d.release()
		r.d = nil
	}
}

// Seek implements [io.Seeker]. A position beyond the end is allowed, one before the beginning is an
// error. It clears an error of Read.
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
	const most = coding.MaxSize
	if offset > most || offset < -most || base+offset < 0 || base+offset > most {
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

// ReadAt implements [io.ReaderAt]: it reads len(p) bytes from byte off of the content. It does not
// change the current position.
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

// Close releases the buffers of the reader. It does not close src.
func (r *Reader) Close() error {
	r.free()
	r.err = fs.ErrClosed
	return nil
}
