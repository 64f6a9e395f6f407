package tarpack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// OpenOptions are the options of Open. The zero value, or nil, is usable.
type OpenOptions struct {
	// RequireSidecar makes a missing sidecar format.ErrNoSidecar and one that does not fit
	// format.ErrStale. Otherwise Open reads the whole archive and builds the index in memory, which
	// takes as long as decompressing it.
	RequireSidecar bool
	// Sidecar is the name of the sidecar, if it is not beside the archive. It has no effect for a
	// shard set.
	Sidecar string
	// Name is what Archive.Name returns and messages begin with; "" means the name that the archive
	// is opened by.
	Name    string
	Workers int // goroutines that build the index; 0 means one for each CPU
	// LoadIndex is for archives whose files may be written over while they are open. If it is
	// positive, each section of the sidecar is compared with its hash, and a sidecar of at most that
	// many bytes is read into memory. Others are mapped: see sidecar.Load. OpenSource reads an index
	// that the archive has in itself into memory up to this size.
	LoadIndex int64
	// CheckIndex is the size in bytes up to which an index is read whole and compared with its hashes.
	// One that does not fit counts as damaged. What is read of a larger index is not compared, and
	// contents only with their own checksums.
	CheckIndex int64
	// Trust, if set, demands that the archive was signed. Its checksums and their signature lie beside
	// it: see signature.Trust.Open. Nothing that was not signed is returned.
	Trust *signature.Trust
	// Signed is what Trust has returned, for OpenAt and OpenSource: see signature.Trust.Check. They
	// refuse Trust, as nothing lies beside what they open. Open has no use for it.
	Signed *signature.Signed

	// Within is what the archive lies in, for OpenSource: see Archive.Within. Others ignore it.
	Within Container

	// Notice, if set, is called with format.ErrIndexRebuilt if there is no usable sidecar, and with
	// format.ErrUnfinished if bytes follow the end of the archive.
	Notice func(error)
	// Progress, if set, is called while the index is built, always from the same goroutine.
	Progress func(format.Progress)
}

// Open opens an archive and its sidecar. With a usable sidecar it reads 64 bytes of the archive and
// 512 of the sidecar, whatever their sizes. Without one, it opens the index that the archive has in
// itself. To see whether there is one, it reads 118 bytes more.
//
// The name may be that of an archive, of a block device with an archive on it, or one that stands
// for a shard set, as in SetList. A set is an Archive like any other. Its index is that of all
// shards, and offsets count as if the shards stood one after the other.
//
// The error is that of opening the file, or wraps one of package format: ErrNotArchive,
// ErrTruncated, ErrVersion or ErrCorrupt. For a set it may wrap ErrShard, with the name of the
// shard that is missing or belongs to another set. With RequireSidecar it may wrap ErrNoSidecar or
// ErrStale. With Trust it may wrap signature.ErrRefused.
func Open(ctx context.Context, name string, o *OpenOptions) (*Archive, error) {
	if o == nil {
		o = &OpenOptions{}
	}
	list, isSet, err := SetList(name)
	if err != nil {
		return nil, err
	}
	with := *o
	with.Signed = nil
	if o.Trust == nil {
		return openUnsigned(ctx, name, list, isSet, &with)
	}
	if with.Signed, err = o.Trust.Open(cmp.Or(list, name)); err != nil {
		return nil, err
	}
	a, err := openUnsigned(ctx, name, list, isSet, &with)
	if err != nil {
		return nil, err
	}
	if err := a.trust(with.Signed, o); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// openUnsigned is Open without Trust. If isSet is true, list is the name of the list of a set. Of
// o.Signed it heeds the size only, before it builds an index.
func openUnsigned(
	ctx context.Context, name, list string, isSet bool, o *OpenOptions,
) (*Archive, error) {
	if isSet {
		return openSet(ctx, list, o)
	}
	with := o.indexed()
	with.Sidecar = o.Sidecar
	x, err := indexed.Open(ctx, name, with)
	if err != nil {
		return nil, err
	}
	x.Name = cmp.Or(o.Name, x.Name)
	return newArchive(x)
}

// newArchive returns the Archive that is one file, and takes over what x has open.
func newArchive(x *indexed.File) (*Archive, error) {
	src, err := source.NewFile(x.OSFile, x.Size)
	if err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return &Archive{
		name: x.Name, src: src, trailer: x.Trailer, unfinished: x.Rest,
		index: x.Index, rebuilt: x.Rebuilt, embedded: x.InFile && !x.Rebuilt, build: x.BuildIndex,
		unmap: x.Unmap,
	}, nil
}

// OpenAt opens an archive of size bytes that a reader has: in memory, in an embed.FS, or inside
// another file. index is its sidecar of indexSize bytes. If it is nil, the index is the one that
// the archive has in itself; without that it is built in memory.
//
// Both readers must be safe for concurrent use, and must not change while the Archive is open. Each
// search for a path reads the index, in package serve also where nothing may wait. So an index that
// is far away should be read into memory first. The errors are those of Open.
func OpenAt(
	ctx context.Context, archive io.ReaderAt, size int64, index io.ReaderAt, indexSize int64,
	o *OpenOptions,
) (*Archive, error) {
	return OpenSource(ctx, "archive", source.Of(archive, size), index, indexSize, o)
}

// OpenSource is OpenAt for a source.Source, with the name for messages. If index is a
// *sidecar.Index it is used as it is, and closed with the Archive. After an error neither is
// closed.
func OpenSource(
	ctx context.Context, name string, src source.Source, index io.ReaderAt, indexSize int64,
	o *OpenOptions,
) (*Archive, error) {
	if o == nil {
		o = &OpenOptions{}
	}
	if o.Trust != nil && o.Signed == nil {
		return nil, fmt.Errorf("%s: %w: there is nothing beside it", name, signature.ErrUnsigned)
	}
	a, err := openSource(ctx, name, src, index, indexSize, o)
	if err != nil || o.Signed == nil {
		return a, err
	}
	if err := a.trust(o.Signed, o); err != nil {
		if _, callers := index.(*sidecar.Index); !callers {
			err = errors.Join(err, a.closeIndex())
		}
		return nil, err
	}
	return a, nil
}

// openSource is OpenSource without Signed.
func openSource(
	ctx context.Context, name string, src source.Source, index io.ReaderAt, indexSize int64,
	o *OpenOptions,
) (*Archive, error) {
	a := &Archive{name: name, src: src, within: o.Within}
	if set, ok := src.(shardset.Source); ok {
		a.trailer, a.build = set.Set().Trailer(), set.BuildIndex
	} else {
		var err error
		if a.trailer, err = format.ReadTrailer(src, src.Size()); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		a.build = func(ctx context.Context, dst build.File, o scan.Options) error {
			_, err := scan.BuildIndex(ctx, src, src.Size(), dst, o)
			return err
		}
	}
	if index == nil {
		if err := a.openWithoutSidecar(ctx, o); err != nil {
			return nil, err
		}
		return a, nil
	}
	x, callers := index.(*sidecar.Index)
	if !callers {
		var err error
		if x, err = sidecar.OpenReaderAt(index, indexSize); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, format.ErrStale, err)
		}
	}
	err := format.CheckIndex(x, name, src.Size(), a.trailer)
	if err == nil {
		if err = x.CheckSmall(o.CheckIndex); err != nil {
			err = fmt.Errorf("%s: %w: %w", name, format.ErrStale, err)
		}
	}
	if err != nil {
		if !callers {
			err = errors.Join(err, x.Close())
		}
		return nil, err
	}
	a.index = x
	return a, nil
}

// openWithoutSidecar opens the index that the archive has in itself, or builds one in memory.
func (a *Archive) openWithoutSidecar(ctx context.Context, o *OpenOptions) (err error) {
	missing := a.openEmbedded(o)
	if missing == nil {
		return nil
	}
	if o.Signed != nil {
		if err := o.Signed.CheckSize(a.src.Size()); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
	}
	if o.RequireSidecar || errors.Is(missing, format.ErrUnfinished) {
		return missing
	}
	a.rebuilt = true
	if o.Notice != nil {
		o.Notice(fmt.Errorf("%w: %w", missing, format.ErrIndexRebuilt))
	}
	so := scan.Options{Workers: o.Workers, Progress: o.Progress}
	a.index, err = indexed.InMemory(ctx, a.name, so, a.build)
	return err
}

// openEmbedded opens the index in an archive that is not a file. A small one is read into memory or
// compared with its hashes, as the options say.
func (a *Archive) openEmbedded(o *OpenOptions) error {
	e, err := a.Embedded()
	if err != nil {
		return err
	}
	x, err := sidecar.OpenReaderAt(e.Reader(a.src), e.Size)
	if err != nil {
		return fmt.Errorf("%s: %w", a.name, format.NewEmbeddedError(err))
	}
	err = format.CheckIndex(x, a.name, a.src.Size(), a.trailer)
	if err == nil && x.Size() <= o.LoadIndex {
		x, err = intoMemory(x)
	}
	if err == nil {
		err = x.CheckSmall(o.CheckIndex)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", a.name, format.NewEmbeddedError(err)), x.Close())
	}
	a.index, a.embedded = x, true
	return nil
}

// intoMemory returns an index that was read whole. It returns x after an error.
func intoMemory(x *sidecar.Index) (*sidecar.Index, error) {
	b := make([]byte, x.Size())
	if _, err := x.ReadAt(b, 0); err != nil {
		return x, err
	}
	read, err := sidecar.OpenBytes(b)
	if err != nil {
		return x, err
	}
	return read, x.Close()
}

func (o *OpenOptions) indexed() *indexed.Options {
	with := &indexed.Options{
		RequireSidecar: o.RequireSidecar, Workers: o.Workers, LoadIndex: o.LoadIndex,
		CheckIndex: o.CheckIndex, Notice: o.Notice, Progress: o.Progress,
	}
	if o.Signed != nil {
		with.CheckSize = o.Signed.CheckSize
	}
	return with
}
