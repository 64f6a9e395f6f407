package export

import (
	"context"
	"errors"
	"io"
	"runtime"

	"github.com/klauspost/pgzip"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/tarpack/format"
)

// singleBlock is the size of the blocks that pgzip compresses in parallel, in bytes.
const singleBlock = 1 << 20

// Single writes the tar of a TarGz export to w as one gzip member, compressed at level 1 to 9 on
// all CPUs. It is meant for readers that stop at the end of the first member. The result is not a
// tpk archive. All content is checked while it is read.
//
// It returns an error if f is not in the format TarGz.
func Single(ctx context.Context, f *File, w io.Writer, level int) (err error) {
	if f.format != TarGz {
		return errors.New("export: only a tar.gz can be of a single member")
	}
	z, err := pgzip.NewWriterLevel(w, level)
	if err != nil {
		return err
	}
	if err := z.SetConcurrency(singleBlock, runtime.GOMAXPROCS(0)+1); err != nil {
		return err
	}
	pr, pw := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Leave out the trailer, because its digest does not match this output. Its zero blocks
		// follow below.
		_, err := f.WriteRange(pw, 0, f.size-format.EndSize)
		pw.CloseWithError(err)
	}()
	err = inflateAll(ctx, z, pr)
	pr.CloseWithError(errStopped)
	<-done
	if err == nil {
		_, err = z.Write(make([]byte, tarEnd))
	}
	return errors.Join(err, z.Close())
}

// tarEnd is the length of the two zero blocks at the end of a tar.
const tarEnd = 1024

var errStopped = errors.New("export: stopped")

// inflateAll writes the content of all gzip members of r to w.
func inflateAll(ctx context.Context, w io.Writer, r io.Reader) error {
	s := gzmember.NewScanner(r)
	buf := make([]byte, 128<<10)
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if _, err := s.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{s}, buf); err != nil {
			return err
		}
	}
}
