package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// File is an open bundle.
type File struct {
	f *os.File
	*layout
}

var _ tarpack.Container = (*File)(nil)

// OpenFile opens a bundle. The error wraps ErrNone, ErrDamaged or ErrVersion, or is that of opening
// the file.
func OpenFile(name string) (*File, error) {
	f, err := osfile.OpenFile(name, os.O_RDONLY|osfile.Nonblock, 0)
	if err != nil {
		return nil, err
	}
	b, err := newFile(f)
	if err != nil {
		f.Close() // opened for reading only: errors lose nothing
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

func newFile(f *os.File) (*File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrNone
	}
	l, err := find(f, info.Size())
	if err != nil {
		return nil, err
	}
	return &File{f: f, layout: l}, nil
}

// Close closes the file.
func (b *File) Close() error { return b.f.Close() }

// ArchiveName implements tarpack.Container.
func (b *File) ArchiveName() string { return b.Archive }

// Beside implements tarpack.Container.
func (b *File) Beside(suffix string) (offset, size int64, ok bool) {
	p, ok := b.find(suffix)
	return b.offset(p), p.Size, ok
}

// Reopen implements tarpack.Container.
func (b *File) Reopen() (*os.File, error) {
	f, err := osfile.OpenFile(b.f.Name(), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	now, err1 := f.Stat()
	was, err2 := b.f.Stat()
	err = errors.Join(err1, err2)
	if err == nil && !os.SameFile(now, was) {
		err = fmt.Errorf("%s: %w", b.f.Name(), source.ErrChanged)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Open opens the archive in the bundle name, with its index, as tarpack.Open does for an archive
// that is a file. The error wraps ErrNone, ErrDamaged or ErrVersion of this package, or is one of
// tarpack.OpenSource. Sidecar of the options has no effect.
func Open(ctx context.Context, name string, o *tarpack.OpenOptions) (*tarpack.Archive, error) {
	b, err := OpenFile(name)
	if err != nil {
		return nil, err
	}
	a, err := b.open(ctx, name, o)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return a, nil
}

// open is Open. The archive closes the file.
func (b *File) open(
	ctx context.Context, name string, o *tarpack.OpenOptions,
) (_ *tarpack.Archive, err error) {
	with := tarpack.OpenOptions{}
	if o != nil {
		with = *o
	}
	with.Within, with.Signed = b, nil
	if with.Name != "" {
		name = with.Name
	}
	if with.Trust != nil {
		if with.Signed, err = b.signed(with.Trust); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	src, err := source.NewPart(b.f, b.offset(b.Files[0]), b.Files[0].Size)
	if err != nil {
		return nil, err
	}
	p, ok := b.find(format.SidecarSuffix)
	if !ok { // the archive has it in itself
		return tarpack.OpenSource(ctx, name, src, nil, 0, &with)
	}
	x, err := b.index(p, &with)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: its index: %w", name, ErrDamaged, err)
	}
	with.CheckIndex = 0 // it was checked
	a, err := tarpack.OpenSource(ctx, name, src, x, p.Size, &with)
	if err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return a, nil
}

// index opens the sidecar. It is read into memory, or compared with its hashes, as the options say.
func (b *File) index(p part, o *tarpack.OpenOptions) (x *sidecar.Index, err error) {
	if p.Size > o.LoadIndex {
		if x, err = sidecar.OpenPart(b.f, b.offset(p), p.Size); err != nil {
			return nil, err
		}
		if err = x.CheckSmall(o.CheckIndex); err != nil {
			return nil, errors.Join(err, x.Close())
		}
		return x, nil
	}
	text, err := b.read(p)
	if err != nil {
		return nil, err
	}
	if x, err = sidecar.OpenBytes(text); err != nil {
		return nil, err
	}
	return x, x.CheckHashes()
}

// read returns the content of a file in the bundle.
func (b *File) read(p part) ([]byte, error) {
	text := make([]byte, p.Size)
	_, err := io.ReadFull(io.NewSectionReader(b.f, b.offset(p), p.Size), text)
	return text, err
}

// signed checks the signature in the bundle.
func (b *File) signed(trust *signature.Trust) (*signature.Signed, error) {
	var texts [2][]byte
	for i, suffix := range []string{signature.SumSuffix, signature.SignatureSuffix} {
		p, ok := b.find(suffix)
		if !ok {
			return nil, fmt.Errorf("%w: no %s is bundled with it", signature.ErrUnsigned, suffix)
		}
		if p.Size > maxSigned {
			return nil, fmt.Errorf("%w: %s has %d bytes", signature.ErrRefused, suffix, p.Size)
		}
		var err error
		if texts[i], err = b.read(p); err != nil {
			return nil, err
		}
	}
	return trust.Check(b.Archive, texts[0], texts[1])
}

// maxSigned is the size of the largest text with checksums, or signature, that is read.
const maxSigned = 1 << 20
