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

// singleBlock is the content that pgzip compresses at a time, a block for each CPU.
const singleBlock = 1 << 20

// Single writes the tar of an export in TarGz to w, compressed anew as one gzip member at level 1 to 9, with all CPUs. Other
// than the export itself it is for readers that stop at the end of the first member; it is no tpk archive. All content is checked.
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
		// The trailer is left out: it is made here, since its digest would say nothing of what comes out.
		_, err := f.WriteRange(pw, 0, f.size-format.TrailerSize)
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

// tarEnd is the length of the two zero blocks that end a tar.
const tarEnd = 1024

var errStopped = errors.New("export: stopped")

// inflateAll writes the content of all members of r to w.
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
