package tarpack

import (
	"context"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
)

// OpenOptions says how to open an archive. The zero value, or nil, is usable.
type OpenOptions struct {
	// NoIndex makes a missing sidecar ErrNoSidecar, and one that does not fit ErrStale. Otherwise the archive is read
	// through and indexed in memory, which takes as long as inflating it.
	NoIndex bool
	Workers int // that index; 0 means one for each CPU

	// Notice, if set, gets a line when there is no good sidecar.
	Notice func(message string)
	// Progress, if set, is called while the archive is indexed, always from the same goroutine.
	Progress func(Progress)
}

// An indexedFile is the file of an archive with its index.
type indexedFile struct {
	*archiveFile
	index   *sidecar.Index
	rebuilt bool // the index was built in memory, as there was no usable sidecar
}

// openIndexed opens an archive that is one file and its sidecar. Without a usable sidecar it builds the index in memory.
func openIndexed(ctx context.Context, name string, o *OpenOptions) (*indexedFile, error) {
	for tries := 1; ; tries++ {
		f, err := openArchiveContext(ctx, name)
		if err != nil {
			return nil, err
		}
		x := &indexedFile{archiveFile: f}
		err = x.openIndex(ctx, o, tries < maxTries, x.buildIndex)
		if errors.Is(err, errMoved) {
			f.file.Close() // was only read
			continue
		}
		if err != nil {
			f.file.Close()
			return nil, err
		}
		if f.rest > 0 && o.Notice != nil {
			o.Notice(fmt.Sprintf("%s: %v: left out", name, &unfinishedError{f.trailer, f.rest}))
		}
		return x, nil
	}
}

// errMoved: a writer came between the archive and its sidecar.
var errMoved = errors.New("it was replaced while it was opened")

// indexBuilder writes the index of an archive, built without its sidecar, to dst.
type indexBuilder func(ctx context.Context, dst sidecar.File, o IndexOptions) error

// openIndex opens the sidecar. Without a usable one it builds the index in memory, unless o.NoIndex is set. With again set it returns errMoved if the
// sidecar does not fit because the archive has been replaced meanwhile.
func (x *indexedFile) openIndex(ctx context.Context, o *OpenOptions, again bool, build indexBuilder) (err error) {
	x.index, _, err = x.openSidecar()
	switch {
	case errors.Is(err, ErrStale) && again && x.hasMoved():
		return errMoved
	case err == nil || o.NoIndex:
		return err
	}
	if o.Notice != nil {
		o.Notice(fmt.Sprintf("%v: indexing it in memory ('tpk index' writes the index)", err))
	}
	return x.indexInMemory(ctx, IndexOptions{Workers: o.Workers, Progress: o.Progress}, build)
}

// buildIndex is the indexBuilder of an archive that is one file.
func (x *indexedFile) buildIndex(ctx context.Context, dst sidecar.File, o IndexOptions) error {
	_, err := BuildIndex(ctx, x.scanned(), x.size, dst, o)
	return err
}

// indexInMemory builds the index in memory.
func (x *indexedFile) indexInMemory(ctx context.Context, o IndexOptions, build indexBuilder) error {
	var m sidecar.Memory
	err := build(ctx, &m, o)
	if err == nil {
		x.index, err = sidecar.OpenBytes(m.Bytes())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", x.name, err)
	}
	x.rebuilt = true
	return nil
}

// sound reads the whole index and checks its digests. If it is damaged, it returns a copy of x with an index that was built from the archive in memory;
// the copy shares the file with x, and only its index may be closed. Otherwise it returns x.
func (x *indexedFile) sound(ctx context.Context, o IndexOptions, notice func(string), build indexBuilder) (*indexedFile, error) {
	if x.rebuilt {
		return x, nil
	}
	err := x.index.Verify()
	if err == nil {
		return x, nil
	}
	if !errors.Is(err, sidecar.ErrCorrupt) {
		return nil, err
	}
	if notice != nil {
		notice(fmt.Sprintf("%s: %v: indexing the archive in memory ('tpk index' writes the index)", x.name+SidecarSuffix, err))
	}
	sound := *x
	return &sound, sound.indexInMemory(ctx, o, build)
}

// openContent opens the content of entry i, a regular file or a hard link.
func (x *indexedFile) openContent(i int) (*gzmember.Reader, error) {
	c, err := contentOf(x.index, i)
	if err != nil {
		return nil, err
	}
	return gzmember.NewReader(x.file, c)
}

// close closes the index and the file.
func (x *indexedFile) close() error {
	err := x.index.Close()
	if x.unmap != nil {
		err = errors.Join(err, x.unmap())
	}
	if x.file != nil {
		err = errors.Join(err, x.file.Close())
	}
	return err
}
