package archivefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Embedded returns the place of the index in the archive. The errors are those of
// format.FindEmbedded, with the name of the archive.
func (a *File) Embedded() (sidecar.Embedded, error) {
	if a.OSFile == nil || a.Trailer == (format.Trailer{}) {
		return sidecar.Embedded{}, fmt.Errorf("%s: %w", a.Name, format.ErrNoSidecar)
	}
	e, err := format.FindEmbedded(a.OSFile, a.Trailer)
	if err != nil {
		err = fmt.Errorf("%s: %w", a.Name, err)
	}
	return e, err
}

// HasIndex reports whether the archive has an index in itself, sound or damaged.
func (a *File) HasIndex() bool {
	_, err := a.Embedded()
	return err == nil || errors.Is(err, format.ErrStale)
}

// openEmbedded opens the index in the archive.
func (a *File) openEmbedded() (x *sidecar.Index, err error) {
	e, err := a.Embedded()
	if err != nil {
		return nil, err
	}
	if a.LoadIndex > 0 {
		x, err = sidecar.LoadEmbedded(a.OSFile, e, a.LoadIndex)
	} else if x, err = sidecar.OpenEmbedded(a.OSFile, e); err == nil {
		x, err = a.checked(x)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.Name, format.NewEmbeddedError(err))
	}
	if err := a.checkIndex(x); err != nil {
		err = fmt.Errorf("%s: %w", a.Name, format.NewEmbeddedError(err))
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// Embed gives the archive in f, of size bytes, its sidecar as its index, and returns its new
// trailer. It is for an archive that no reader can find yet. Nothing is durable when it returns.
func Embed(
	ctx context.Context, f *os.File, size int64, side io.ReaderAt, sideSize int64,
) (format.Trailer, error) {
	t, err := format.ReadTrailer(f, size)
	if err != nil {
		return format.Trailer{}, err
	}
	x, err := AppendIndex(ctx, f, t, side, sideSize)
	if err != nil {
		return format.Trailer{}, err
	}
	return x.Trailer(), MarkFormer(f, t)
}

// AppendIndex writes the members of an index, and the T after them, behind the archive in f that
// ends with t. That archive stays what it is until the caller calls MarkFormer.
func AppendIndex(
	ctx context.Context, f io.WriterAt, t format.Trailer, side io.ReaderAt, sideSize int64,
) (*format.EmbeddedIndex, error) {
	x, err := format.NewEmbeddedIndex(side, sideSize, t)
	if err != nil {
		return nil, err
	}
	x.Context = ctx
	_, err = x.WriteTo(io.NewOffsetWriter(f, x.Place().Base))
	return x, err
}

// MarkFormer makes a former trailer of t.
func MarkFormer(f io.WriterAt, t format.Trailer) error {
	_, err := f.WriteAt([]byte(format.FormerTail), t.Offset+int64(format.TrailerHead))
	return err
}

// writeSidecar writes an index of size bytes as a sidecar of the archive that dst is about to
// change. Its content is durable when it has its name.
func writeSidecar(dst *durable.Output, index io.ReaderAt, size int64) (err error) {
	name := dst.Name + format.SidecarSuffix
	f, err := durable.OpenTemp(durable.ScratchSidecar.Of(dst.Name))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err = f.Truncate(0); err == nil {
		_, err = io.Copy(io.NewOffsetWriter(f, 0), io.NewSectionReader(index, 0, size))
	}
	if err == nil {
		err = durable.Inherit(f, dst.Sidecar)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return osfile.Rename(f.Name(), name)
}
