package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/spool"
)

// A Writer makes an archive of entries that come one at a time, in any order. Until Close it keeps
// what it was given, compressed, in temporary files beside the archive, and about 40 bytes of
// memory a file. The bytes of the archive are those of Dir for a tree with the same entries.
//
// Paths are relative, separated by slashes, and clean, as fs.ValidPath has them, without ".".
// Missing parents are made with mode 0755 and the time of an entry in them. A path that was given
// before is fs.ErrExist. A call that is refused, for this or another reason, changes nothing, so
// the Writer can still be used. Once the archive can no longer be written, each call returns the
// reason.
//
// One goroutine at a time may use a Writer. The compression is done by others.
type Writer struct {
	ctx    context.Context // of all work until Close has returned
	runCtx context.Context // of the run that fills the spool
	cancel context.CancelFunc
	dst    *durable.Output
	o      WriterOptions

	p        *packer.Packer
	spool    *spool.Spool
	contents *spool.Contents
	problem  error             // entries that cannot be in the archive
	items    chan *packer.Item // to the run; closed by Close
	ended    chan struct{}     // closed once the run has ended
	runErr   error             // of the run, valid once ended is closed
	undoErr  error             // of removing what the run has left, valid once ended is closed
	err      error             // that all later calls return
	result   Result
}

var errClosed = fmt.Errorf("pack.Writer: %w", fs.ErrClosed)

// NewWriter returns a Writer of the archive out and its sidecar. Both appear when Close returns
// nil. Until then an archive of that name is as it was. After an error, after Abort and once ctx is
// done, it stays so, and no temporary file is left. The caller must call Close or Abort.
//
// Another writer of the same archive gets format.ErrLocked.
func NewWriter(ctx context.Context, out string, o WriterOptions) (*Writer, error) {
	dst, err := shardset.CreateArchive(out)
	if err != nil {
		return nil, err
	}
	w := &Writer{dst: dst, o: o, items: make(chan *packer.Item), ended: make(chan struct{})}
	refused := func(pr *format.Problem) { w.problem = errors.Join(w.problem, pr) }
	w.spool, err = spool.New(dst.Name, o.SHA256, nil, refused)
	if err != nil {
		return nil, errors.Join(err, dst.Abort())
	}
	spooling := o.packer()
	spooling.Dedup, spooling.Progress = format.DedupOff, nil // both are for the archive
	w.p = packer.NewDry(spooling)
	w.p.Out, w.p.Entries = w.spool.W, w.spool
	w.contents = spool.NewContents(w.p, dst.Name)
	started := make(chan context.Context, 1)
	w.ctx, w.cancel = context.WithCancel(ctx)
	go w.run(started)
	select {
	case w.runCtx = <-started:
		return w, nil
	case <-w.ended: // the options are wrong, or ctx is done
		w.cancel()
		return nil, w.runErr
	}
}

// run writes entries to the spool until all have come. After an error nothing is left on disk.
func (w *Writer) run(started chan<- context.Context) {
	defer close(w.ended)
	_, w.runErr = w.p.Run(w.ctx, func(run context.Context) error {
		started <- run
		return w.produce(run)
	}, nil)
	if w.runErr != nil {
		w.spool.Close()
		w.undoErr = errors.Join(w.spool.Abort(), w.dst.Abort())
		w.runErr = errors.Join(w.runErr, w.undoErr)
	}
}

// produce submits the items that the calls of the Writer make.
func (w *Writer) produce(ctx context.Context) error {
	for {
		select {
		case it, ok := <-w.items:
			if !ok {
				return nil
			}
			if err := w.p.Submit(ctx, it); err != nil {
				return err
			}
			if it.Type == sidecar.TypeFile {
				continue
			}
			if err := w.p.EndDir(ctx); err != nil { // links need not wait for a directory's files
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// WriteFile adds a regular file. The permissions, setuid, setgid and sticky bits of mode count; a
// mode with a file type is fs.ErrInvalid. A zero modTime means 1970-01-01. The Writer does not keep
// content.
func (w *Writer) WriteFile(path string, content []byte, mode fs.FileMode, modTime time.Time) error {
	return w.WriteFileFrom(path, bytes.NewReader(content), int64(len(content)), mode, modTime)
}

// WriteFileFrom adds a regular file whose content is read from r, to its end. A content that is not
// size bytes long is refused. Otherwise it is WriteFile.
func (w *Writer) WriteFileFrom(
	path string, r io.Reader, size int64, mode fs.FileMode, modTime time.Time,
) error {
	h := w.header(path, sidecar.TypeFile, mode, modTime)
	h.Size = size
	if err := w.check(&h, mode.Type() == 0 && size >= 0); err != nil {
		return err
	}
	it, err := w.contents.Item(w.runCtx, h, r)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("the content is shorter than its size: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", format.Printable(path), err)
	}
	return w.submit(&h, it)
}

// Mkdir adds a directory. The permissions, setuid, setgid and sticky bits of mode count; a file
// type other than fs.ModeDir is fs.ErrInvalid. A zero modTime means 1970-01-01.
func (w *Writer) Mkdir(path string, mode fs.FileMode, modTime time.Time) error {
	h := w.header(path, sidecar.TypeDir, mode, modTime)
	if err := w.check(&h, mode.Type()&^fs.ModeDir == 0); err != nil {
		return err
	}
	return w.submit(&h, packer.NewGivenItem(h))
}

// Symlink adds a symbolic link at path with the text target, which need not exist. Its mode is
// 0777. A zero modTime means 1970-01-01.
func (w *Writer) Symlink(target, path string, modTime time.Time) error {
	h := w.header(path, sidecar.TypeSymlink, 0o777, modTime)
	h.Link = target
	if err := w.check(&h, true); err != nil {
		return err
	}
	return w.submit(&h, packer.NewGivenItem(h))
}

func (w *Writer) header(
	path string, typ sidecar.Type, mode fs.FileMode, modTime time.Time,
) format.Header {
	h := format.Header{Path: path, Type: typ, Mode: format.UnixMode(mode)}
	if !modTime.IsZero() {
		h.ModTime = modTime.Unix()
	}
	if t := w.o.LatestModTime; !t.IsZero() {
		h.ModTime = min(h.ModTime, t.Unix())
	}
	return h
}

// check refuses an entry that cannot be in the archive. valid reports whether its arguments are.
func (w *Writer) check(h *format.Header, valid bool) error {
	if w.err == nil {
		select {
		case <-w.ended:
			w.err = w.runErr
		default:
		}
	}
	switch {
	case w.err != nil:
		return w.err
	case !valid:
		return fmt.Errorf("%s: %w", format.Printable(h.Path), fs.ErrInvalid)
	case w.spool.Has(h.Path):
		return fmt.Errorf("%s: %w", format.Printable(h.Path), fs.ErrExist)
	}
	return h.Check()
}

func (w *Writer) submit(h *format.Header, it *packer.Item) error {
	if err := w.spool.Announce(h); err != nil {
		it.Release()
		return err
	}
	select {
	case w.items <- it:
		return nil
	case <-w.runCtx.Done():
	}
	it.Release()
	<-w.ended
	w.err = w.runErr
	return w.err
}

// Close writes the archive and its sidecar and puts them in their places. After an error neither is
// there. Entries below a path that is no directory make it fail.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	w.err = errClosed
	defer w.cancel()
	close(w.items)
	<-w.ended
	if w.runErr != nil {
		return w.runErr
	}
	defer w.spool.Close()
	return w.commit()
}

// commit makes the archive of what is in the spool.
func (w *Writer) commit() (err error) {
	r := &rewrite.Rewrite{
		Options: rewrite.Options{Options: w.o.packer()}, Base: -1, Choose: rewrite.FirstLayer,
		Shard: format.IsShardName(w.dst.Name),
	}
	defer func() {
		if !r.Committed {
			err = errors.Join(err, w.dst.Abort())
		}
	}()
	a, err := w.spool.Archive(w.ctx)
	if err != nil {
		return errors.Join(err, w.spool.Abort())
	}
	defer a.Close()
	if w.problem != nil {
		return w.problem
	}
	r.Layers = []rewrite.Layer{{Archive: a}}
	done, err := r.Write(w.ctx, w.dst)
	if err != nil {
		return err
	}
	w.result = Result{
		Stats: done.Stats, ArchiveBytes: done.ArchiveBytes, SidecarBytes: done.SidecarBytes,
	}
	return nil
}

// Result describes the archive. It is zero unless Close has returned nil.
func (w *Writer) Result() Result { return w.result }

// Abort ends the Writer without an archive, and removes what it has written. After Close it does
// nothing.
func (w *Writer) Abort() error {
	if w.err != nil {
		return nil
	}
	w.err = errClosed
	w.cancel()
	<-w.ended
	return w.undoErr
}
