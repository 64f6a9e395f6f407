package indexed

import (
	"context"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// Options are how to open an archive. The zero value is usable.
type Options struct {
	// NoIndex makes a missing sidecar format.ErrNoSidecar, and one that does not fit
	// format.ErrStale. Otherwise the index is built in memory, which takes as long as decompressing
	// the archive.
	NoIndex bool
	Workers int // goroutines that build an index; 0 means one for each CPU

	// Notice, if set, receives one line if there is no usable sidecar.
	Notice func(message string)
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
// builds the index in memory, unless o.NoIndex is set. If a writer replaces the archive meanwhile,
// it opens the new one.
func Open(ctx context.Context, name string, o *Options) (*File, error) {
	for tries := 1; ; tries++ {
		f, err := archivefile.OpenContext(ctx, name)
		if err != nil {
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
			o.Notice(fmt.Sprintf("%s: %v: left out", name, &format.UnfinishedError{Trailer: f.Trailer, Rest: f.Rest}))
		}
		return x, nil
	}
}

// errMoved means that a writer replaced the archive before its sidecar was opened.
var errMoved = errors.New("it was replaced while it was opened")

// indexBuilder writes the index of an archive, built without its sidecar, to dst.
type indexBuilder func(ctx context.Context, dst sidecar.File, o scan.Options) error

// OpenIndex opens the sidecar. Without a usable one it builds the index in memory, unless o.NoIndex
// is set. With again set, it returns errMoved if the sidecar does not fit because the archive was
// replaced meanwhile.
func (x *File) OpenIndex(ctx context.Context, o *Options, again bool, build indexBuilder) (err error) {
	x.Index, _, err = x.OpenSidecar()
	switch {
	case errors.Is(err, format.ErrStale) && again && x.HasMoved():
		return errMoved
	case err == nil || o.NoIndex:
		return err
	}
	if o.Notice != nil {
		o.Notice(fmt.Sprintf("%v: indexing it in memory ('tpk index' writes the index)", err))
	}
	return x.IndexInMemory(ctx, scan.Options{Workers: o.Workers, Progress: o.Progress}, build)
}

// BuildIndex writes the index of an archive that is one file or device to dst.
func (x *File) BuildIndex(ctx context.Context, dst sidecar.File, o scan.Options) error {
	_, err := scan.BuildIndex(ctx, x.Scanned(), x.Size, dst, o)
	return err
}

// indexInMemory builds the index in memory.
func (x *File) IndexInMemory(ctx context.Context, o scan.Options, build indexBuilder) error {
	var m sidecar.Memory
	err := build(ctx, &m, o)
	if err == nil {
		x.Index, err = sidecar.OpenBytes(m.Bytes())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", x.Name, err)
	}
	x.Rebuilt = true
	return nil
}

// sound reads the whole index and checks its digests. If it is damaged, it returns a copy of x with
// an index that was built from the archive in memory; the copy shares the file with x, and only its
// index may be closed. Otherwise it returns x.
func (x *File) Sound(ctx context.Context, o scan.Options, notice func(string), build indexBuilder) (*File, error) {
	if x.Rebuilt {
		return x, nil
	}
	err := x.Index.Verify()
	if err == nil {
		return x, nil
	}
	if !errors.Is(err, sidecar.ErrCorrupt) {
		return nil, err
	}
	if notice != nil {
		notice(fmt.Sprintf("%s: %v: indexing the archive in memory ('tpk index' writes the index)", x.Name+format.SidecarSuffix, err))
	}
	sound := *x
	return &sound, sound.IndexInMemory(ctx, o, build)
}

// OpenContent opens the content of entry i, a regular file or a hard link.
func (x *File) OpenContent(i int) (*gzmember.Reader, error) {
	c, err := format.ContentOf(x.Index, i)
	if err != nil {
		return nil, err
	}
	return gzmember.NewReader(x.OSFile, c)
}

// Close closes the index and the file.
func (x *File) Close() error {
	err := x.Index.Close()
	if x.Unmap != nil {
		err = errors.Join(err, x.Unmap())
	}
	if x.OSFile != nil {
		err = errors.Join(err, x.OSFile.Close())
	}
	return err
}
