package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// IndexOptions says how to index an archive. The zero value is usable.
type IndexOptions struct {
	Workers int    // inflating goroutines; 0 means one for each CPU
	TempDir string // for what does not fit in memory; "" is the system's
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(Progress)
}

// IndexResult says what was indexed.
type IndexResult struct {
	Entries      uint64
	SidecarBytes int64
	Digest       uint64
}

// BuildIndex makes the sidecar of an archive of size bytes from the archive alone, and writes it to dst, which is empty. It
// is byte for byte the one that pack wrote.
//
// All of the archive is inflated and held against FORMAT.md. The error wraps ErrCorrupt or ErrTruncated and has the path and
// the offset of the entry that is wrong, also when the archive is not the one that its trailer was written for.
func BuildIndex(ctx context.Context, src io.ReaderAt, size int64, dst build.File, o IndexOptions) (res IndexResult, err error) {
	ix := newIndexer(o)
	defer func() { err = errors.Join(err, ix.builder.Close()) }()
	s := &archiveScan{src: src, size: size, workers: o.Workers, each: func(un *unit) error {
		if un.err != nil {
			return &Problem{Path: un.path, Offset: un.off, Err: un.err}
		}
		return ix.add(un)
	}}
	if err := s.run(ctx); err != nil {
		return IndexResult{}, err
	}
	return ix.finish(dst, size)
}

// An indexer turns the units of an archive into a sidecar.
type indexer struct {
	o        IndexOptions
	builder  *build.Builder
	trailer  *Trailer
	progress Progress
}

func newIndexer(o IndexOptions) *indexer {
	return &indexer{o: o, builder: build.New(build.Options{TempDir: o.TempDir})}
}

// add takes the next unit, which is right in itself.
func (ix *indexer) add(un *unit) error {
	if un.trailer != nil {
		ix.trailer = un.trailer
		return nil
	}
	if t := un.former; t != nil && t.Entries != ix.builder.Len() {
		return &Problem{Offset: un.off, Err: fmt.Errorf("%w: a former trailer counts %d entries before it, there are %d", errAltered, t.Entries, ix.builder.Len())}
	}
	for i := range un.items {
		it := &un.items[i]
		if err := ix.builder.Add(*it); err != nil {
			if errors.Is(err, build.ErrItem) || errors.Is(err, sidecar.ErrPath) {
				return &Problem{Path: it.Path, Offset: it.Offset, Err: fmt.Errorf("%w: %w", ErrCorrupt, err)}
			}
			return err
		}
		ix.progress.Entries++
		ix.progress.Bytes += it.Size
		if ix.o.Progress != nil {
			ix.o.Progress(ix.progress)
		}
	}
	return nil
}

// finish writes the sidecar and holds it against the trailer.
func (ix *indexer) finish(dst build.File, size int64) (IndexResult, error) {
	if ix.trailer == nil {
		return IndexResult{}, fmt.Errorf("%w: it ends without a trailer", ErrTruncated)
	}
	digest, n, err := ix.builder.Finish(dst, size)
	switch {
	case errors.Is(err, build.ErrDuplicate), errors.Is(err, build.ErrNoParent), errors.Is(err, build.ErrNoTarget):
		return IndexResult{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	case err != nil:
		return IndexResult{}, err
	}
	res := IndexResult{Entries: ix.builder.Len(), SidecarBytes: n, Digest: digest}
	switch t := ix.trailer; {
	case t.Entries != res.Entries:
		return res, fmt.Errorf("%w: its trailer counts %d entries, there are %d", errAltered, t.Entries, res.Entries)
	case t.Digest != digest:
		return res, fmt.Errorf("%w: its trailer names an index of digest %016x, its index has %016x", errAltered, t.Digest, digest)
	}
	return res, nil
}

// errAltered: each member is right, but the archive is not the one that the trailer was written for.
var errAltered = fmt.Errorf("%w: it is not as it was packed", ErrCorrupt)

// Reindex writes the sidecar of the archive name from the archive alone. On an error the sidecar that stood there before is
// untouched. A second writer of the same archive is refused (ErrLocked). What a killed append has left behind the archive is cut off.
func Reindex(ctx context.Context, name string, o IndexOptions) (res IndexResult, err error) {
	if err := heal(name); err != nil {
		return IndexResult{}, err
	}
	a, err := openArchive(name)
	if err != nil {
		return IndexResult{}, err
	}
	defer a.file.Close()
	if a.onDevice() {
		return a.reindexDevice(ctx, o)
	}
	if a.rest > 0 {
		return IndexResult{}, fmt.Errorf("%s: %w", name, &unfinishedError{a.trailer, a.rest})
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return IndexResult{}, err
	}
	// The lock is on the archive's temporary file, as pack has it.
	temp, lock, err := lockedTemp(real)
	if err != nil {
		return IndexResult{}, err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name()), temp.Close(), lock.Close()) }()
	if err := a.isStill(real); err != nil {
		return IndexResult{}, err
	}
	f, err := openTemp(tempName(real + SidecarSuffix))
	if err != nil {
		return IndexResult{}, err
	}
	res, err = a.writeSidecar(ctx, f, o)
	if err == nil { // who may not read the archive need not know what is in it
		var fi os.FileInfo
		if fi, err = a.file.Stat(); err == nil {
			err = f.Chmod(fi.Mode().Perm())
		}
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), real+SidecarSuffix)
	}
	if err != nil {
		return IndexResult{}, errors.Join(err, os.Remove(f.Name()))
	}
	return res, syncDir(filepath.Dir(real))
}

// isStill makes sure that nobody has replaced the archive between its opening and the lock.
func (a *Archive) isStill(name string) error {
	now, err := os.Stat(name)
	if err != nil {
		return err
	}
	opened, err := a.file.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(now, opened) {
		return fmt.Errorf("%s: %w", name, ErrChanged)
	}
	return nil
}

// writeSidecar makes the sidecar in f, and makes it durable.
func (a *Archive) writeSidecar(ctx context.Context, f *os.File, o IndexOptions) (IndexResult, error) {
	if err := f.Truncate(0); err != nil {
		return IndexResult{}, err
	}
	res, err := BuildIndex(ctx, a.scanned(), a.size, f, o)
	if err != nil {
		return IndexResult{}, fmt.Errorf("%s: %w", a.name, err)
	}
	return res, f.Sync()
}
