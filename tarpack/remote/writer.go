package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/remote/upload"
)

// WriterOptions are the options of NewWriter. The zero value, or nil, is usable.
type WriterOptions struct {
	S3 *s3.Client // nil means one for Amazon

	// The rest are those of upload.Options.
	PartSize        int64
	Parallel        int
	Retries         int
	RetryAfter      time.Duration
	Timeout         time.Duration
	CompleteTimeout time.Duration

	// Notice, if set, is called if the sidecar of the archive before could not be removed. Readers
	// take the index that the new archive has in itself, but ask for that sidecar first.
	Notice func(error)
}

// A Writer is an archive, and perhaps its sidecar, on the way to a server. See pack.Stream for what
// to write.
type Writer struct {
	Archive *upload.Upload
	Sidecar *upload.Upload // if nothing is written to it, the archive has its index in itself

	ctx    context.Context
	o      *WriterOptions
	target *s3.Target // of the sidecar
	own    *s3.Client // to be closed
}

// ErrNotWritable means that archives can't be written to servers of this kind.
var ErrNotWritable = errors.New("archives are written to s3://bucket/key only")

// NewWriter returns a Writer for an archive in S3. It sends nothing yet. Either Commit or Abort
// must be called. The context ends the requests.
func NewWriter(ctx context.Context, rawURL string, o *WriterOptions) (*Writer, error) {
	w := &Writer{ctx: ctx, o: &WriterOptions{}}
	if o != nil {
		*w.o = *o
	}
	if !isS3(rawURL) {
		return nil, ErrNotWritable
	}
	client := w.o.S3
	if client == nil {
		var err error
		if client, err = s3.New(nil); err != nil {
			return nil, err
		}
		w.own = client
	}
	archive, err := client.Target(rawURL)
	if err == nil {
		w.target, err = client.Target(beside(rawURL, format.SidecarSuffix))
	}
	if err != nil {
		w.close()
		return nil, err
	}
	uo := &upload.Options{
		PartSize: w.o.PartSize, Parallel: w.o.Parallel, Retries: w.o.Retries,
		RetryAfter: w.o.RetryAfter, Timeout: w.o.Timeout, CompleteTimeout: w.o.CompleteTimeout,
	}
	w.Archive, w.Sidecar = upload.New(ctx, archive, uo), upload.New(ctx, w.target, uo)
	return w, nil
}

// Commit makes both visible, once the server has all bytes: first the sidecar and then the archive,
// so nobody finds a new archive with an old sidecar. A reader that comes between finds that they
// don't match, and tries again. An archive with its index in itself appears in one step. Then a
// sidecar of the archive before is removed.
//
// After an error nothing new is visible, except that the sidecar is the new one if the archive
// could not be completed after it.
func (w *Writer) Commit() error {
	defer w.close()
	if w.Sidecar.Empty() {
		if err := errors.Join(w.Sidecar.Abort(), w.Archive.Commit()); err != nil {
			return err
		}
		w.removeSidecar()
		return nil
	}
	if err := errors.Join(w.Archive.Flush(), w.Sidecar.Flush()); err != nil {
		return errors.Join(err, w.Sidecar.Abort(), w.Archive.Abort())
	}
	if err := w.Sidecar.Commit(); err != nil {
		return errors.Join(err, w.Archive.Abort())
	}
	if err := w.Archive.Commit(); err != nil {
		return fmt.Errorf("%w (its index is there already; an older archive needs its own again)", err)
	}
	return nil
}

// removeSidecar removes the sidecar of the archive before.
func (w *Writer) removeSidecar() {
	err := object.Write(w.ctx, w.target.Limit(),
		&object.Options{Retries: w.o.Retries, RetryAfter: w.o.RetryAfter, HeaderTimeout: w.o.Timeout},
		func(ctx context.Context, _ func()) (*http.Response, error) { return w.target.Remove(ctx) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) && w.o.Notice != nil {
		w.o.Notice(fmt.Errorf("%s: the index of the archive before could not be removed: %w",
			w.target.Name(), err))
	}
}

// Abort removes what was uploaded. See upload.Upload. After Commit it does nothing.
func (w *Writer) Abort() error {
	defer w.close()
	return errors.Join(w.Sidecar.Abort(), w.Archive.Abort())
}

func (w *Writer) close() {
	if w.own != nil {
		w.own.Close()
	}
}
