package convert

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/compressed"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
)

// An input is read from front to back by r. The rest of it, from a tpk archive or a zip on, is also
// read at any offset: in the file itself, or else in a temporary copy.
type input struct {
	r    *bufio.Reader
	temp string // prefix of the names of temporary files

	below countingReader // what r reads from
	file  *os.File       // nil if only r can be read
	begin int64          // offset in file where the input begins; negative behind a pipe's beginning
	start int64          // offset in file of the first byte of below
	size  int64          // of file; valid after rest
	found int64          // offset of an archive, once one was found
	end   int64          // of that archive
	draft bool           // that archive is of a draft of the format
	copy  *os.File       // the temporary copy, if there is one
}

// newInput returns the input from r. temp begins the names of temporary files.
func newInput(ctx context.Context, r io.Reader, temp string) *input {
	in := &input{temp: temp, found: -1}
	if f, ok := r.(*os.File); ok {
		// A pipe has no offset.
		if at, err := f.Seek(0, io.SeekCurrent); err == nil {
			in.file, in.start, in.begin = f, at, at
		}
	}
	in.below.r = output.ContextReader{Ctx: ctx, R: r}
	in.r = bufio.NewReaderSize(&in.below, output.WriteSize)
	return in
}

// Close removes the temporary copy.
func (in *input) Close() error {
	if in.copy == nil {
		return nil
	}
	return in.copy.Close()
}

// offset returns where the next byte of r is in the file.
func (in *input) offset() int64 { return in.start + in.below.n - int64(in.r.Buffered()) }

// consumed returns how much of the input has been read.
func (in *input) consumed() int64 { return in.offset() - in.begin }

// archive returns the size of the tpk archive that begins here, or 0 if none does. Afterwards it is
// in in.file at in.offset(). An archive without its end is a format.ErrTruncated, one of a newer
// version a format.ErrVersion.
func (in *input) archive(ctx context.Context) (int64, error) {
	if in.found >= 0 && in.found == in.offset() {
		return in.end - in.found, nil
	}
	head, err := in.r.Peek(format.MaxMember)
	if err != nil && err != io.EOF {
		return 0, err
	}
	if !format.BeginsUnit(head) {
		return 0, nil
	}
	src, err := in.rest(ctx)
	if err != nil {
		return 0, err
	}
	size := src.Size()
	if t, err := format.ReadTrailer(src, size); t != (format.Trailer{}) {
		if err := in.admit(t); err != nil {
			return 0, err
		}
	} else if err != nil {
		if size, err = format.FirstTrailer(ctx, src, size); err != nil {
			return 0, err
		}
		if size < 0 && in.consumed() > 0 {
			return 0, fmt.Errorf("%w at offset %d, and has no end: %w", ErrPartTruncated, in.offset(),
				format.ErrTruncated)
		}
		if size < 0 {
			return 0, fmt.Errorf("an archive begins at offset %d: %w: it has no end",
				in.offset(), format.ErrTruncated)
		}
		t, err := format.ReadTrailer(src, size)
		if t != (format.Trailer{}) {
			err = in.admit(t)
		}
		if err != nil {
			return 0, fmt.Errorf("an archive begins at offset %d: %w", in.offset(), err)
		}
	}
	in.found, in.end = in.offset(), in.offset()+size
	return size, nil
}

// admit returns an error if the members of an archive with this trailer must not be copied. Those
// of a draft may be.
func (in *input) admit(t format.Trailer) error {
	err := t.CheckWrite()
	if in.draft = errors.Is(err, format.ErrDraft); in.draft {
		return nil
	}
	return err
}

// rest returns the input from the next byte of r on.
func (in *input) rest(ctx context.Context) (*io.SectionReader, error) {
	if err := in.makeRandom(ctx); err != nil {
		return nil, err
	}
	return io.NewSectionReader(in.file, in.offset(), in.size-in.offset()), nil
}

// makeRandom makes the rest of the input a file that can be read at any offset.
func (in *input) makeRandom(ctx context.Context) error {
	if in.file != nil {
		// On a block device Stat has no size.
		at, err := in.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if in.size, err = in.file.Seek(0, io.SeekEnd); err != nil {
			return err
		}
		_, err = in.file.Seek(at, io.SeekStart)
		return err
	}
	f, err := durable.UnlinkedTemp(in.temp, durable.ScratchInput)
	if err != nil {
		return err
	}
	in.copy = f
	in.begin = -in.offset()
	if in.size, err = io.Copy(f, in.r); err != nil {
		return err
	}
	in.file = f
	in.seek(ctx, 0)
	return nil
}

// seek makes off, an offset in the file, the next byte of r.
func (in *input) seek(ctx context.Context, off int64) {
	r := io.NewSectionReader(in.file, off, in.size-off)
	in.below = countingReader{r: output.ContextReader{Ctx: ctx, R: r}}
	in.start = off
	in.r.Reset(&in.below)
}

// onDevice reports whether the input is a block device. What follows an archive there is not part
// of the input.
func (in *input) onDevice() bool {
	if in.file == nil {
		return false
	}
	fi, err := in.file.Stat()
	return err == nil && fi.Mode()&os.ModeDevice != 0
}

// isTarOver reports whether a part of another kind, or an unaligned tar, begins here, behind the
// given number of zero blocks and any more zeros. Tars that follow each other count as one.
func (in *input) isTarOver(zeros int) (bool, error) {
	if zeros == 0 {
		return false, nil
	}
	head, err := in.r.Peek(2 * format.BlockSize)
	if err != nil && err != io.EOF {
		return false, err
	}
	if partOf(head[:min(len(head), format.BlockSize)]) == partTar {
		return false, nil
	}
	rest := bytes.TrimLeft(head, "\x00")
	if len(head)-len(rest) >= format.BlockSize {
		return false, nil
	}
	p := partOf(rest[:min(len(rest), format.BlockSize)])
	return p != partNone && p != partZeros, nil
}

// beginsStream reports whether the input begins with a compressed stream that can be read, as far
// as the buffer shows.
func (in *input) beginsStream() bool {
	head, _ := in.r.Peek(probeSize)
	if format.BeginsUnit(head) {
		return true
	}
	s := compressed.NewReader(bufio.NewReader(bytes.NewReader(head)))
	defer s.Close()
	_, err := io.ReadFull(s, make([]byte, format.BlockSize))
	return err == nil || err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, compressed.ErrCutOff) ||
		errors.Is(err, compressed.ErrMemory) || errors.As(err, new(edition.MissingError))
}

// probeSize is how many bytes are read to find out whether they are a compressed stream.
const probeSize = 64 << 10

// whole returns all of the input as a file. Bytes already read from a pipe read as zeros.
func (in *input) whole(ctx context.Context) (*io.SectionReader, error) {
	if err := in.makeRandom(ctx); err != nil {
		return nil, err
	}
	return io.NewSectionReader(&shifted{in.file, in.begin}, 0, in.size-in.begin), nil
}

// A shifted reads r from an offset on. Before offset 0 of r it reads zeros.
type shifted struct {
	r     io.ReaderAt
	begin int64
}

func (s *shifted) ReadAt(b []byte, off int64) (int, error) {
	off += s.begin
	zeros := int(min(int64(len(b)), max(0, -off)))
	clear(b[:zeros])
	if zeros == len(b) {
		return zeros, nil
	}
	n, err := s.r.ReadAt(b[zeros:], off+int64(zeros))
	return zeros + n, err
}
