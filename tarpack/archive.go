package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// An Archive is an open archive with its index. It is safe for concurrent use, except for Close.
//
// Its file may be replaced while it is open: an Archive goes on to read the one that it has opened.
type Archive struct {
	name    string
	file    *os.File // nil for a set
	set     *setFile // a shard set; nil for an archive that is one file
	place   *locator // on a device; nil for a file of its own
	size    int64
	rest    int64 // bytes that follow in its file, of an append that is not finished
	trailer Trailer
	index   *sidecar.Index
	rebuilt bool         // the index is not from a sidecar
	unmap   func() error // what there is to do after the index is closed; nil: nothing
}

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

// Open opens an archive and its sidecar. With a good sidecar it reads 64 bytes of the one and 320 of the other.
//
// The error wraps ErrNotArchive, ErrTruncated, ErrVersion or ErrCorrupt, with NoIndex ErrNoSidecar or ErrStale, or it is
// that of opening the file.
func Open(name string, o *OpenOptions) (*Archive, error) {
	return OpenContext(context.Background(), name, o)
}

// OpenContext is Open with a context that can end the indexing.
func OpenContext(ctx context.Context, name string, o *OpenOptions) (*Archive, error) {
	if o == nil {
		o = &OpenOptions{}
	}
	for tries := 1; ; tries++ {
		a, err := openArchiveContext(ctx, name)
		if err != nil {
			return nil, err
		}
		err = a.openIndex(ctx, o, tries < maxTries)
		if errors.Is(err, errMoved) {
			a.file.Close() // was only read
			continue
		}
		if err != nil {
			a.file.Close()
			return nil, err
		}
		if a.rest > 0 && o.Notice != nil {
			o.Notice(fmt.Sprintf("%s: %v: left out", name, &unfinishedError{a.trailer, a.rest}))
		}
		return a, nil
	}
}

// maxTries is how often an archive is opened that changes meanwhile.
const maxTries = 3

// errMoved: a writer came between the archive and its sidecar.
var errMoved = errors.New("it was replaced while it was opened")

// openArchive opens an archive without an index.
func openArchive(name string) (*Archive, error) {
	return openArchiveContext(context.Background(), name)
}

// openArchiveContext is openArchive with a context that can end the search for the end of an archive on a device.
func openArchiveContext(ctx context.Context, name string) (*Archive, error) {
	for tries := 1; ; tries++ {
		a, err := openFile(name)
		if err != nil {
			return nil, err
		}
		if a.onDevice() {
			err = a.openDevice(ctx, a.size)
		} else {
			err = a.findEnd()
		}
		if err == nil {
			return a, nil
		}
		moved := a.hasMoved()
		a.file.Close()
		if !moved || tries == maxTries {
			return nil, err
		}
	}
}

// findEnd finds out where the archive in a file ends: with T at its end, or, where that is not there, where its sidecar says, before what an append
// has left that was not finished.
func (a *Archive) findEnd() error {
	t, err := readTrailer(a.file, a.size)
	if err == nil {
		a.trailer = t
		return nil
	}
	err = fmt.Errorf("%s: %w", a.name, err)
	if !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrCorrupt) {
		return err
	}
	if x, _, sideErr := a.openSidecar(); sideErr == nil {
		return x.Close()
	}
	if t, ok := trailerBefore(a.file, a.size); ok {
		return fmt.Errorf("%s: %w", a.name, &unfinishedError{t, a.size - t.Offset - TrailerSize})
	}
	return err
}

// hasMoved tells whether the name leads to something else by now, or its file has another size.
func (a *Archive) hasMoved() bool {
	opened, err := a.file.Stat()
	if err != nil || isDevice(opened) {
		return false
	}
	now, err := os.Stat(a.name)
	return err == nil && (!os.SameFile(now, opened) || now.Size() != a.size+a.rest)
}

// openFile opens the file of an archive and looks at nothing in it. Of a device the size is that of all of it.
func openFile(name string) (*Archive, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	size := int64(0)
	switch {
	case err != nil:
	case isDevice(fi):
		size, err = roomOf(f)
	case fi.Mode().IsRegular():
		size = fi.Size()
	default:
		kind := "not a regular file"
		if fi.IsDir() {
			kind = "a directory"
		}
		err = fmt.Errorf("%s: %w: it is %s", name, ErrNotArchive, kind)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	a := &Archive{name: name, file: f, size: size}
	if isDevice(fi) {
		a.place = &locator{}
	}
	return a, nil
}

// openIndex opens the sidecar, or makes an index where there is no good one. With again it returns errMoved if that is because the archive has
// been replaced.
func (a *Archive) openIndex(ctx context.Context, o *OpenOptions, again bool) (err error) {
	a.index, _, err = a.openSidecar()
	switch {
	case errors.Is(err, ErrStale) && again && a.hasMoved():
		return errMoved
	case err == nil || o.NoIndex:
		return err
	}
	if o.Notice != nil {
		o.Notice(fmt.Sprintf("%v: indexing it in memory ('tpk index' writes the index)", err))
	}
	return a.indexInMemory(ctx, IndexOptions{Workers: o.Workers, Progress: o.Progress})
}

// indexInMemory makes the index from the archive alone.
func (a *Archive) indexInMemory(ctx context.Context, o IndexOptions) (err error) {
	var m build.Memory
	if a.set != nil {
		_, _, err = a.indexSet(ctx, &m, o)
	} else {
		_, err = BuildIndex(ctx, a.scanned(), a.size, &m, o)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	if a.index, err = sidecar.OpenBytes(m.Bytes()); err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	a.rebuilt = true
	return nil
}

// openSidecar opens the sidecar that belongs to the archive, and returns its name. The error wraps ErrNoSidecar or ErrStale.
func (a *Archive) openSidecar() (x *sidecar.Index, name string, err error) {
	if a.onDevice() {
		x, err = a.openPlaced()
		return x, a.name, err
	}
	name = a.name + SidecarSuffix
	if x, err = a.openSidecarAt(name); err == nil {
		return x, name, nil
	}
	// Where the archive is reached through a symbolic link, the sidecar may lie beside the file itself.
	if real, realErr := filepath.EvalSymlinks(a.name); realErr == nil && real != a.name {
		if x, err := a.openSidecarAt(real + SidecarSuffix); err == nil {
			return x, real + SidecarSuffix, nil
		}
	}
	return nil, name, err
}

func (a *Archive) openSidecarAt(name string) (*sidecar.Index, error) {
	x, err := sidecar.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w: there is no %s", a.name, ErrNoSidecar, filepath.Base(name))
	case errors.Is(err, sidecar.ErrCorrupt), errors.Is(err, sidecar.ErrVersion):
		return nil, fmt.Errorf("%w: %w", ErrStale, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoSidecar, err)
	}
	err = a.checkIndex(x)
	if err != nil && a.endsWith(x) {
		err = a.checkIndex(x)
	}
	if err != nil {
		x.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return x, nil
}

// checkIndex makes sure that an index is that of the archive (FORMAT.md 3).
func (a *Archive) checkIndex(x *sidecar.Index) error {
	switch t := a.trailer; {
	case x.ArchiveSize() != a.size:
		return fmt.Errorf("%w: it is for an archive of %d bytes, %s has %d", ErrStale, x.ArchiveSize(), a.name, a.size)
	case x.Digest() != t.Digest:
		return fmt.Errorf("%w: its digest is %016x, %s names %016x", ErrStale, x.Digest(), a.name, t.Digest)
	case uint64(x.Len()) != t.Entries:
		return fmt.Errorf("%w: it has %d entries, %s has %d", ErrStale, x.Len(), a.name, t.Entries)
	}
	return nil
}

// Close closes the archive and its index. No other method may be running, or be called later.
func (a *Archive) Close() error {
	err := a.index.Close()
	if a.unmap != nil {
		err = errors.Join(err, a.unmap())
	}
	if a.set != nil {
		return errors.Join(err, a.set.Close())
	}
	return errors.Join(err, a.file.Close())
}

// Name is the name that the archive was opened by.
func (a *Archive) Name() string { return a.name }

// Size is that of the archive in bytes.
func (a *Archive) Size() int64 { return a.size }

// Index is the archive's index. It is closed with the archive.
func (a *Archive) Index() *sidecar.Index { return a.index }

// Indexed says whether there was no good sidecar, so that the index was made when the archive was opened.
func (a *Archive) Indexed() bool { return a.rebuilt }

// File is the open archive, nil for a shard set.
func (a *Archive) File() *os.File { return a.file }

// ReaderAt reads the bytes of the archive, or those of all shards of a set, one after the other.
func (a *Archive) ReaderAt() io.ReaderAt {
	if a.set != nil {
		return a.set
	}
	return a.file
}

// Trailer is what the archive's last member says.
func (a *Archive) Trailer() Trailer { return a.trailer }

// Content says where the content of entry i is, which is a file or a hard link to one; a hard link's is its target's. Of an
// empty file only Size and Coding, both 0, mean anything. The error wraps sidecar.ErrRange when there is no such file.
func (a *Archive) Content(i int) (gzmember.Content, error) {
	e, err := a.index.Entry(i)
	if err == nil && e.Type == sidecar.TypeHardlink {
		i = int(e.Target)
		e, err = a.index.Entry(i)
	}
	if err != nil {
		return gzmember.Content{}, err
	}
	return a.content(i, &e)
}

// content is Content for entry i, which is e.
func (a *Archive) content(i int, e *sidecar.Entry) (gzmember.Content, error) {
	if e.Type != sidecar.TypeFile {
		return gzmember.Content{}, fmt.Errorf("%w: entry %d is a %v and has no content", sidecar.ErrRange, i, e.Type)
	}
	c := gzmember.Content{
		Offset: e.ContentOffset(), Length: e.ContentLen, Size: e.Size, CRC: e.CRC, Coding: e.Coding,
	}
	if e.Coding == coding.Segmented {
		t, err := a.index.Segments(i)
		if err != nil {
			return gzmember.Content{}, err
		}
		c.Shift, c.Ends = t.Shift, t.End
	}
	return c, nil
}

// OpenContent opens the content of entry i, a file or a hard link to one. Errors of reading wrap gzmember.ErrCorrupt or
// gzmember.ErrTruncated when the content is not what the index says.
func (a *Archive) OpenContent(i int) (*gzmember.Reader, error) {
	c, err := a.Content(i)
	if err != nil {
		return nil, err
	}
	return gzmember.NewReader(a.ReaderAt(), c)
}
