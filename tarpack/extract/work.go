package extract

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// A worker creates the entries of batches.
type worker struct {
	x       *extractor
	owners  ownerReader
	headers *tarpack.HeaderChecker
	window  archiveWindow
	content []byte // buffer for the content of one file
}

// work creates the entries of batches until there are no more.
func (x *extractor) work(ctx context.Context) (err error) {
	w := &worker{x: x, owners: ownerReader{x: x}, headers: x.a.HeaderChecker(),
		window: archiveWindow{r: x.a.Source()}}
	for b := range x.jobs {
		if err == nil { // after an error batches are only released
			err = w.makeBatch(ctx, b)
		}
		b.dir.release()
	}
	return err
}

// makeBatch creates the entries of a batch.
func (w *worker) makeBatch(ctx context.Context, b *batch) error {
	var entries, bytes int64
	for k := range b.jobs {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		j := &b.jobs[k]
		err := w.makeEntry(ctx, b, k)
		if errors.Is(err, errLater) {
			continue
		}
		if err == nil || isExtracted(err) {
			entries++
			bytes += j.entry.Size
		}
		if err != nil {
			if err := w.x.fail(ctx, j.ordinal, j.entry.Offset, err); err != nil {
				return err
			}
		}
	}
	w.x.count(entries, bytes)
	return nil
}

var (
	// errLater: a later pass creates the entry.
	errLater = errors.New("later")
	// errBits: the file was extracted, but without two of its mode bits.
	errBits = fmt.Errorf("%w: its setuid or setgid bit (the file is extracted without)",
		format.ErrRefused)
)

// isExtracted reports whether the entry with this error is extracted all the same.
func isExtracted(err error) bool {
	return errors.Is(err, errBits) || errors.Is(err, errOwner) || errors.Is(err, ErrSetIDs)
}

// makeEntry creates the entry of job k.
func (w *worker) makeEntry(ctx context.Context, b *batch, k int) error {
	d, j := b.dir, &b.jobs[k]
	if err := w.headers.Check(j.ordinal, &j.entry); err != nil {
		return err
	}
	switch j.entry.Type {
	case sidecar.TypeFile:
		return w.file(ctx, b, k, j.ordinal, &j.entry)
	case sidecar.TypeHardlink:
		return w.hardlink(ctx, b, k)
	case sidecar.TypeSymlink:
		return w.symlink(d, j)
	}
	if !w.x.o.Special {
		return fmt.Errorf("%w: it is a %v", format.ErrRefused, j.entry.Type)
	}
	j.entry.Mode &^= format.SetIDs // they mean nothing there
	if err := d.exclusively(j.name, func() error { return d.special(j) }, nil); err != nil {
		return err
	}
	return w.owners.setOwner(j.ordinal, &j.entry, d.lchown(j.name))
}

// inOnePiece is the largest file that is decompressed and checked in memory before it is created.
const inOnePiece = 1 << 20

// file creates the regular file of job k with the content of e, which is entry i.
func (w *worker) file(ctx context.Context, b *batch, k, i int, e *sidecar.Entry) error {
	d, j := b.dir, &b.jobs[k]
	if e.Size > inOnePiece || e.Coding == coding.Segmented {
		r, err := w.x.a.OpenContent(i)
		if err != nil {
			return err
		}
		defer r.Close()
		return w.write(d, j, func(f *os.File) error {
			out := &holeWriter{ctx: ctx, f: f}
			_, err := r.WriteTo(out)
			return errors.Join(err, out.end())
		})
	}
	if err := w.inflate(b, k, e); err != nil {
		return w.x.a.ContentError(err)
	}
	if err := w.x.a.CheckContent(i, w.content); err != nil {
		return err
	}
	return w.write(d, j, func(f *os.File) error {
		out := &holeWriter{ctx: ctx, f: f}
		_, err := out.Write(w.content)
		return errors.Join(err, out.end())
	})
}

// inflate decompresses the content of e into w.content. The jobs after k are read along if they are
// near.
func (w *worker) inflate(b *batch, k int, e *sidecar.Entry) error {
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
		return fmt.Errorf("%w: content member at offset %d: %w",
			format.ErrCorrupt, e.ContentOffset(), err)
	}
	crc := binary.LittleEndian.Uint32(member[len(member)-gzmember.MemberTrailerSize:])
	if used != len(member) || int64(len(out)) != e.Size || crc != e.CRC {
		return fmt.Errorf("%w: content member at offset %d: it is not the one that the index names",
			format.ErrCorrupt, e.ContentOffset())
	}
	w.content = out
	return nil
}

// write creates the file of a job, calls fill to write it, and sets its mode and time. After an
// error it removes the file.
func (w *worker) write(d *targetDir, j *job, fill func(*os.File) error) error {
	perm := format.Permissions(j.entry.Mode)
	var dropped error
	if perm&setIDs != 0 && !w.x.o.Special {
		perm, dropped = perm&^setIDs, errBits
	}
	f, err := d.createFile(j.name, perm)
	if err != nil {
		return err
	}
	err = fill(f)
	var owned error
	if err == nil {
		owned = w.owners.setOwner(j.ordinal, &j.entry, f.Chown) // before the mode: it clears bits
		if perm&setIDs != 0 {
			perm, dropped = w.owners.keepSetIDs(j, f, perm)
		}
		err = d.setMode(f, perm)
	}
	if err == nil {
		err = d.setTime(f, j.name, j.entry.ModTime)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, d.root.Remove(j.name))
	}
	if dropped != nil && owned != nil {
		return fmt.Errorf("%w; %w", dropped, owned)
	}
	return cmp.Or(dropped, owned)
}

// createFile creates a file, replacing an older one.
func (d *targetDir) createFile(name string, perm fs.FileMode) (*os.File, error) {
	var f *os.File
	err := d.exclusively(name, func() (err error) {
		f, err = d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm.Perm())
		return err
	}, nil)
	if err != nil && f != nil {
		f.Close()
	}
	return f, err
}

// setMode sets the permissions of a new file if it was not created with exactly these.
func (d *targetDir) setMode(f *os.File, perm fs.FileMode) error {
	if d.modeVerified.Load() == uint32(perm)+1 {
		return nil
	}
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if fi.Mode() == perm {
		d.modeVerified.Store(uint32(perm) + 1)
		return nil
	}
	return f.Chmod(perm)
}
