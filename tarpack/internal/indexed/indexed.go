package indexed

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// Options are how to open an archive. The zero value is usable.
type Options struct {
	// RequireSidecar makes a missing sidecar format.ErrNoSidecar, and one that does not fit
	// format.ErrStale. Otherwise the index is built in memory, which takes as long as decompressing
	// the archive.
	RequireSidecar bool
	Sidecar        string // name of the sidecar; "" means the one beside the archive
	Workers        int    // goroutines that build an index; 0 means one for each CPU
	LoadIndex      int64  // for sidecar.Load, which is used if it is positive
	CheckIndex     int64  // indexes of at most so many bytes are compared with their hashes

	// CheckSize, if set, is called with the size of an archive without a usable sidecar. Its error is
	// that of opening: an archive of the wrong size is not worth an index.
	CheckSize func(size int64) error
	// Notice, if set, is called once if there is no usable sidecar, and if bytes follow the
	// archive.
	Notice func(error)
	// Progress, if set, is called while the index is built, always from the same goroutine.
	Progress func(format.Progress)
}

// File is the file of an archive with its index.
type File struct {
	*archivefile.File
	Index   *sidecar.Index
	Rebuilt bool // the index was built in memory, as there was no usable sidecar
}

// Open opens an archive that is one file or device, and its sidecar. Without a usable sidecar it
// builds the index in memory, unless o.RequireSidecar is set. If a writer replaces the archive
// meanwhile, it opens the new one.
func Open(ctx context.Context, name string, o *Options) (*File, error) {
	for tries := 1; ; tries++ {
		f, err := archivefile.Open(name)
		if err != nil {
			if !o.RequireSidecar {
				err = archivefile.SearchEnd(ctx, name, err)
			}
			return nil, err
		}
		x := &File{File: f}
		err = x.OpenIndex(ctx, o, tries < archivefile.MaxTries, x.BuildIndex)
		if errors.Is(err, errMoved) {
			f.OSFile.Close() // opened for reading only: errors lose nothing
			continue
		}
		if err != nil {
			f.OSFile.Close()
			return nil, err
		}
		if f.Rest > 0 && o.Notice != nil {
			rest := format.NewUnfinished(f.OSFile, f.Trailer, f.Rest)
			o.Notice(fmt.Errorf("%s: %w: left out", name, rest))
		}
		return x, nil
	}
}

// errMoved means that a writer replaced the archive before its sidecar was opened.
var errMoved = errors.New("it was replaced while it was opened")

// IndexBuilder writes the index of an archive, built without its sidecar, to dst.
type IndexBuilder func(ctx context.Context, dst build.File, o scan.Options) error

// OpenIndex opens the sidecar. Without a usable one it builds the index in memory, unless
// o.RequireSidecar is set. With again set, it returns errMoved if the sidecar does not fit because
// the archive was replaced meanwhile.
func (x *File) OpenIndex(
	ctx context.Context, o *Options, again bool, rebuild IndexBuilder,
) (err error) {
	x.LoadIndex, x.CheckIndex = o.LoadIndex, o.CheckIndex
	if o.Sidecar != "" {
		x.Index, err = x.OpenSidecarAt(o.Sidecar)
	} else {
		x.Index, _, err = x.OpenSidecar()
	}
	switch {
	case errors.Is(err, format.ErrStale) && again && x.HasMoved():
		return errMoved
	case err == nil:
		return nil
	}
	if sizeErr := o.BeforeRebuild(x.Name, x.Size); sizeErr != nil {
		return sizeErr
	}
	if o.RequireSidecar {
		return err
	}
	unusable := fmt.Errorf("%w: %w", err, format.ErrIndexRebuilt)
	// If the index is of a draft, the archive may be of one as well, and has no other then.
	draft := errors.Is(err, sidecar.ErrDraft)
	if o.Notice != nil && !draft {
		o.Notice(unusable)
	}
	so := scan.Options{Workers: o.Workers, Progress: o.Progress}
	if x.Index, err = InMemory(ctx, x.Name, so, rebuild); err != nil {
		return err
	}
	if o.Notice != nil && draft {
		o.Notice(unusable)
	}
	x.Rebuilt = true
	return nil
}

// BeforeRebuild calls CheckSize, if it is set, with the size of the archive name.
func (o *Options) BeforeRebuild(name string, size int64) error {
	if o.CheckSize == nil {
		return nil
	}
	if err := o.CheckSize(size); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// BuildIndex is the IndexBuilder of an archive that is one file or device.
func (x *File) BuildIndex(ctx context.Context, dst build.File, o scan.Options) error {
	_, err := scan.BuildIndex(ctx, x.Scanned(), x.Size, dst, o)
	return err
}

// InMemory returns the index of the archive name, built in memory by rebuild.
func InMemory(
	ctx context.Context, name string, o scan.Options, rebuild IndexBuilder,
) (*sidecar.Index, error) {
	var m build.Memory
	err := rebuild(ctx, &m, o)
	if err == nil {
		var x *sidecar.Index
		if x, err = sidecar.OpenBytes(m.Bytes()); err == nil {
			return x, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", name, err)
}

// InFile returns an index that write writes to a scratch file of the archive name, whose lock the
// caller holds. The file has no name afterwards.
func InFile(name string, write func(f *os.File) error) (*sidecar.Index, error) {
	f, err := durable.OpenTemp(durable.ScratchIndex.Of(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer os.Remove(f.Name())
	if err := f.Truncate(0); err != nil {
		return nil, err
	}
	if err := write(f); err != nil {
		return nil, err
	}
	return sidecar.Open(f.Name())
}

// MakeSound reads the whole index and checks its digests. A damaged one is replaced by one that
// rebuild builds in memory.
func (x *File) MakeSound(ctx context.Context, o *Options, rebuild IndexBuilder) error {
	if x.Rebuilt {
		return nil
	}
	sound, err := Sound(ctx, x.Index, x.Name, x.InFile, o, rebuild)
	if err == nil && sound != x.Index {
		err = x.Index.Close()
		x.Index = sound
	}
	return err
}

// Sound reads all of x, the index of the archive name, and checks its digests. It returns x if they
// are right. If x is damaged, it returns an index built in memory by rebuild. X stays open. With
// inFile it is the index in the archive.
func Sound(
	ctx context.Context, x *sidecar.Index, name string, inFile bool, o *Options, rebuild IndexBuilder,
) (*sidecar.Index, error) {
	err := x.VerifyKnown()
	if err == nil || !errors.Is(err, sidecar.ErrCorrupt) {
		return x, err
	}
	if o.Notice != nil {
		if inFile {
			err = fmt.Errorf("%s: %w", name, format.NewEmbeddedError(err))
		} else {
			err = fmt.Errorf("%s: %w", name+format.SidecarSuffix, err)
		}
		o.Notice(fmt.Errorf("%w: %w", err, format.ErrIndexRebuilt))
	}
	return InMemory(ctx, name, scan.Options{Workers: o.Workers, Progress: o.Progress}, rebuild)
}

// OpenContent opens the content of entry i, a regular file or a hard link.
func (x *File) OpenContent(i int) (*gzmember.Reader, error) {
	c, err := format.ContentOf(x.Index, i)
	if err != nil {
		return nil, err
	}
	return gzmember.NewReader(x.OSFile, c)
}

// Close closes the index, and the file unless it is shared.
func (x *File) Close() error {
	err := x.Index.Close()
	if x.Unmap != nil {
		err = errors.Join(err, x.Unmap())
	}
	if x.OSFile != nil && !x.Shared {
		err = errors.Join(err, x.OSFile.Close())
	}
	return err
}
