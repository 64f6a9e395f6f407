package indexed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/device"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// Embedding describes an archive whose index was put into it, or taken out.
type Embedding struct {
	Entries      uint64
	ArchiveBytes int64 // of the archive as it is now
	SidecarBytes int64
	Digest       uint64 // of the sidecar
	Written      bool   // false if there was nothing to do
}

// Embed appends the index of an archive to it, in place, and removes the sidecar beside it. An
// archive with a sound index in itself stays as it is, and loses a sidecar, whether that fits or
// not. After an error the archive is what it was.
func Embed(ctx context.Context, name string, o scan.Options) (Embedding, error) {
	return change(ctx, name, o, (*File).hasSoundIndex, removeSidecar,
		func(dst *durable.Output, x *File, f *os.File) (t format.Trailer, err error) {
			g, committed := &archivefile.Growth{F: f, Old: x.Trailer}, false
			defer func() {
				if err != nil && !committed {
					err = errors.Join(err, g.Abort(dst))
				}
			}()
			if x.InFile || x.Rebuilt {
				if err := g.WriteSidecar(dst, x.Index); err != nil {
					return t, err
				}
			}
			if err := archivefile.WriteNote(dst, x.Trailer); err != nil {
				return t, err
			}
			e, err := archivefile.AppendIndex(ctx, f, x.Trailer, x.Index, x.Index.Size())
			if err != nil {
				return t, err
			}
			if err := g.Mark(dst); err != nil {
				return t, err
			}
			committed, dst.NoSidecar = true, true
			return e.Trailer(), dst.CommitSidecar()
		})
}

// TakeOut makes an archive that has its index in itself the one without it, with a sidecar. It is
// Embed in reverse: the former trailer before the index becomes T again, which commits, and what
// follows it is cut off. After an error the archive is what it was, or what it should be.
func TakeOut(ctx context.Context, name string, o scan.Options) (Embedding, error) {
	return change(ctx, name, o, func(x *File) bool { return !x.HasIndex() }, nil,
		func(dst *durable.Output, x *File, f *os.File) (t format.Trailer, err error) {
			e, err := x.Embedded()
			if err != nil {
				return t, errors.Join(err, dst.Abort())
			}
			side := newResized(x.Index, e.Base)
			s := &archivefile.Shrink{F: f, To: x.Trailer}
			s.To.Offset, s.To.Digest = e.Base-format.EndSize, side.digest
			err = s.Run(dst, side, x.Index.Size())
			if s.Torn {
				return s.To, errors.Join(err, dst.Leave())
			}
			return s.To, errors.Join(err, dst.Abort())
		})
}

// NotEmbeddable returns the format.ErrNotEmbeddable of the archive name.
func NotEmbeddable(name, why string) error {
	return fmt.Errorf("%s: %w: %s", name, format.ErrNotEmbeddable, why)
}

// removeSidecar removes the sidecar beside an archive, and reports whether there was one.
func removeSidecar(archive string) (removed bool, err error) {
	err = os.Remove(archive + format.SidecarSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// change opens an archive that is one file, for one of the functions above. If it is done already,
// tidy is called with the archive's name, unless it is nil, and reports whether it changed
// anything. Otherwise do is called, which commits or aborts the Output.
func change(
	ctx context.Context, name string, o scan.Options, isDone func(*File) bool,
	tidy func(name string) (bool, error),
	do func(dst *durable.Output, x *File, f *os.File) (format.Trailer, error),
) (res Embedding, err error) {
	if fi, err := os.Stat(name); err != nil {
		return res, err
	} else if device.Is(fi) {
		return res, NotEmbeddable(name, "a device has one behind the archive")
	}
	if err := archivefile.Recover(name); err != nil {
		return res, err
	}
	if err := durable.CheckIndexName(name); err != nil { // it is there until the commit
		return res, err
	}
	if err := NeedSidecar(ctx, name, o); err != nil {
		return res, err
	}
	dst, err := durable.Create(name)
	if err != nil {
		return res, err
	}
	x, err := openSound(ctx, name, o)
	if err != nil {
		return res, errors.Join(err, dst.Abort())
	}
	defer x.Close()
	res = Embedding{
		Entries: x.Trailer.Entries, ArchiveBytes: x.Size, SidecarBytes: x.Index.Size(),
		Digest: x.Trailer.Digest,
	}
	if isDone(x) {
		if tidy != nil {
			res.Written, err = tidy(dst.Name)
		}
		return res, errors.Join(err, dst.Abort())
	}
	f, err := osfile.OpenFile(dst.Name, os.O_RDWR, 0)
	if err != nil {
		return Embedding{}, errors.Join(err, dst.Abort())
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := x.IsStill(dst.Name); err != nil {
		return Embedding{}, errors.Join(err, dst.Abort())
	}
	t, err := do(dst, x, f)
	if err != nil {
		return Embedding{}, err
	}
	res.ArchiveBytes, res.Digest, res.Written = t.Offset+format.EndSize, t.Digest, true
	return res, nil
}

// openSound opens an archive that can be changed, with an index that is right in all its bytes.
func openSound(ctx context.Context, name string, o scan.Options) (*File, error) {
	io := &Options{Workers: o.Workers, Progress: o.Progress}
	x, err := Open(ctx, name, io)
	if err != nil {
		return nil, err
	}
	if err = x.Trailer.CheckWrite(); err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	if err == nil && x.Trailer.IsShard() {
		err = NotEmbeddable(name, "it was written as a shard of a set")
	}
	if err == nil && x.Rest > 0 {
		err = fmt.Errorf("%s: %w", name, format.NewUnfinished(x.OSFile, x.Trailer, x.Rest))
	}
	if err == nil {
		err = x.MakeSound(ctx, io, x.BuildIndex)
	}
	if err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// hasSoundIndex reports whether the archive has the bytes of the open index in itself.
func (x *File) hasSoundIndex() bool {
	e, err := x.Embedded()
	if err != nil {
		return false
	}
	at, err := format.CompareEmbedded(x.OSFile, e, x.Index, x.Index.Size(), x.Trailer)
	return err == nil && at < 0
}

// resized reads a sidecar as that of the same entries in an archive of another size.
type resized struct {
	io.ReaderAt
	header [sidecar.HeaderSize]byte
	digest uint64
}

// newResized returns a reader of the sidecar of an archive of size bytes.
func newResized(x *sidecar.Index, size int64) *resized {
	r := &resized{ReaderAt: x}
	_, _ = x.ReadAt(r.header[:], 0) // whoever reads on meets the error
	r.digest = sidecar.SetArchiveSize(&r.header, size)
	return r
}

func (r *resized) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(b, off)
	if off < int64(len(r.header)) {
		copy(b[:n], r.header[off:])
	}
	return n, err
}
