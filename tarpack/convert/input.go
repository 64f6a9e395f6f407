package convert

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
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
	start int64          // offset in file of the first byte of below
	size  int64          // of file; valid after rest
	found int64          // offset of an archive, once one was found
	end   int64          // of that archive
	copy  *os.File       // the temporary copy, if there is one
}

// newInput returns the input from r. temp begins the names of temporary files.
func newInput(ctx context.Context, r io.Reader, temp string) *input {
	in := &input{temp: temp, found: -1}
	if f, ok := r.(*os.File); ok {
		// A pipe has no offset.
		if at, err := f.Seek(0, io.SeekCurrent); err == nil {
			in.file, in.start = f, at
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
	if _, err := format.ReadTrailer(src, size); err != nil {
		if size, err = format.FirstTrailer(ctx, src, size); err != nil {
			return 0, err
		}
		if size < 0 {
			return 0, fmt.Errorf("an archive begins at offset %d: %w: it has no end",
				in.offset(), format.ErrTruncated)
		}
		if _, err := format.ReadTrailer(src, size); err != nil {
			return 0, fmt.Errorf("an archive begins at offset %d: %w", in.offset(), err)
		}
	}
	in.found, in.end = in.offset(), in.offset()+size
	return size, nil
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
	f, err := durable.UnlinkedTemp(in.temp + ".input")
	if err != nil {
		return err
	}
	in.copy = f
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

// isBlank reports whether the input begins with a block of zeros.
func (in *input) isBlank() bool {
	head, err := in.r.Peek(format.BlockSize)
	return err == nil && len(bytes.Trim(head, "\x00")) == 0
}
