package tarpack

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
)

// An extractWorker makes the entries of batches.
type extractWorker struct {
	x       *extractor
	window  archiveWindow
	content []byte // scratch
}

// work is what a worker does until there are no more batches.
func (x *extractor) work(ctx context.Context) (err error) {
	w := &extractWorker{x: x, window: archiveWindow{r: x.a.ReaderAt()}}
	for b := range x.jobs {
		if err == nil { // else the others wait for their release only
			err = w.batch(ctx, b)
		}
		b.dir.release()
	}
	return err
}

// batch makes the entries of a batch.
func (w *extractWorker) batch(ctx context.Context, b *batch) error {
	var entries, bytes int64
	for k := range b.jobs {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		j := &b.jobs[k]
		err := w.make(ctx, b, k)
		if errors.Is(err, errLater) {
			continue
		}
		if err == nil || errors.Is(err, errBits) {
			entries++
			bytes += j.entry.Size
		}
		if errors.Is(err, errBits) {
			w.x.problems.add(&Problem{Path: j.path(b.dir), Offset: j.entry.Offset, Err: err})
		} else if err != nil {
			if err := w.x.fail(ctx, j.i, j.path(b.dir), j.entry.Offset, err); err != nil {
				return err
			}
		}
	}
	w.x.count(entries, bytes)
	return nil
}

var (
	// errLater is for an entry that another pass makes.
	errLater = errors.New("later")
	// errBits is the problem of a file that is there but for two bits.
	errBits = fmt.Errorf("%w: its setuid or setgid bit (the file is extracted without)", ErrRefused)
)

// make makes the entry of job k.
func (w *extractWorker) make(ctx context.Context, b *batch, k int) error {
	d, j := b.dir, &b.jobs[k]
	switch j.entry.Type {
	case sidecar.TypeFile:
		return w.file(ctx, b, k, j.i, &j.entry)
	case sidecar.TypeHardlink:
		return w.hardlink(ctx, b, k)
	case sidecar.TypeSymlink:
		return w.symlink(d, j)
	}
	if !w.x.o.Special {
		return fmt.Errorf("%w: it is a %v", ErrRefused, j.entry.Type)
	}
	return d.exclusively(j.name, func() error { return d.special(j) }, nil)
}

// inOnePiece is the size up to which a file is inflated, and found to be right, before it is made.
const inOnePiece = 1 << 20

// file makes the regular file of job k with the content of entry i, which is e.
func (w *extractWorker) file(ctx context.Context, b *batch, k, i int, e *sidecar.Entry) error {
	d, j := b.dir, &b.jobs[k]
	if e.Size > inOnePiece || e.Coding == coding.Segmented {
		c, err := w.x.a.content(i, e)
		if err != nil {
			return err
		}
		r, err := gzmember.NewReader(w.x.a.ReaderAt(), c)
		if err != nil {
			return err
		}
		defer r.Close()
		return w.write(d, j, func(f *os.File) error {
			_, err := r.WriteTo(contextWriter{ctx, f})
			return err
		})
	}
	if err := w.inflate(b, k, e); err != nil {
		return err
	}
	return w.write(d, j, func(f *os.File) error {
		if len(w.content) == 0 {
			return nil
		}
		_, err := f.Write(w.content)
		return err
	})
}

// inflate brings the content of e, which job k wants, to w.content.
func (w *extractWorker) inflate(b *batch, k int, e *sidecar.Entry) error {
	w.content = w.content[:0]
	if e.Size == 0 {
		return nil
	}
	member, err := w.window.member(e, b.jobs[k+1:])
	if err != nil {
		return err
	}
	w.content = slices.Grow(w.content, int(e.Size))
	out, used, err := gzmember.Inflate(w.content, member, int(e.Size))
	if err != nil {
		return fmt.Errorf("%w: content member at offset %d: %w", ErrCorrupt, e.ContentOffset(), err)
	}
	crc := binary.LittleEndian.Uint32(member[len(member)-gzmember.MemberTrailerSize:])
	if used != len(member) || int64(len(out)) != e.Size || crc != e.CRC {
		return fmt.Errorf("%w: content member at offset %d: it is not the one that the index names", ErrCorrupt, e.ContentOffset())
	}
	w.content = out
	return nil
}

// write makes the file of a job, lets fill write it, and gives it mode and time. After an error it is gone.
func (w *extractWorker) write(d *targetDir, j *job, fill func(*os.File) error) error {
	perm, dropped := permissions(j.entry.Mode), false
	if bits := fs.ModeSetuid | fs.ModeSetgid; perm&bits != 0 && !w.x.o.Special {
		perm, dropped = perm&^bits, true
	}
	f, err := d.create(j.name, perm)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = d.setMode(f, perm)
	}
	if err == nil {
		err = d.setTime(f, j.name, j.entry.ModTime)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, d.root.Remove(j.name))
	}
	if dropped {
		return errBits
	}
	return nil
}

// create makes a new file.
func (d *targetDir) create(name string, perm fs.FileMode) (*os.File, error) {
	var f *os.File
	err := d.exclusively(name, func() (err error) {
		f, err = d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm.Perm())
		return err
	}, nil)
	if err != nil && f != nil {
		closeQuietly(f)
	}
	return f, err
}

// setMode gives a new file its permissions, which it was made with.
func (d *targetDir) setMode(f *os.File, perm fs.FileMode) error {
	if d.plain.Load() == uint32(perm)+1 {
		return nil
	}
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if fi.Mode() == perm {
		d.plain.Store(uint32(perm) + 1)
		return nil
	}
	return f.Chmod(perm)
}

// A contextWriter stops when its context does.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(b []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}

// An archiveWindow reads members that lie near each other in one call.
type archiveWindow struct {
	r   io.ReaderAt
	off int64
	b   []byte
}

const (
	windowSize = 256 << 10
	windowGap  = 4 << 10 // bytes between two members that it pays to read along
)

// member returns the C of e. What comes next in jobs is read with it.
func (w *archiveWindow) member(e *sidecar.Entry, jobs []job) ([]byte, error) {
	from, to := e.ContentOffset(), e.ContentOffset()+e.ContentLen
	if from < w.off || to > w.off+int64(len(w.b)) {
		end := to
		for k := range jobs {
			next := &jobs[k].entry
			if next.Type != sidecar.TypeFile || next.ContentLen == 0 {
				continue
			}
			start, stop := next.ContentOffset(), next.ContentOffset()+next.ContentLen
			if start < end || start-end > windowGap || stop-from > windowSize {
				break
			}
			end = stop
		}
		if err := w.read(from, int(end-from)); err != nil {
			return nil, err
		}
	}
	return w.b[from-w.off : to-w.off], nil
}

// read fills the window with n bytes from off on.
func (w *archiveWindow) read(off int64, n int) error {
	w.off, w.b = off, slices.Grow(w.b[:0], n)[:n]
	m, err := w.r.ReadAt(w.b, off)
	if m == n {
		return nil
	}
	w.b = w.b[:0]
	if err == io.EOF {
		err = fmt.Errorf("%w: it ends at offset %d", ErrTruncated, off+int64(m))
	}
	return err
}
