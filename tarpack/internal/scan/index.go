package scan

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
)

// Options are how to build an index. The zero value is usable.
type Options struct {
	Workers int    // goroutines that decompress; 0 means one for each CPU
	TempDir string // for what does not fit in memory; "" means the system's
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

// Result describes an index that was built.
type Result struct {
	Entries      uint64
	SidecarBytes int64  // size of the sidecar
	Digest       uint64 // of the sidecar
}

// BuildIndex writes the sidecar of an archive of size bytes to dst, which is empty. It uses the
// archive alone, and the bytes are those that pack writes.
//
// It decompresses all of the archive and checks it with FORMAT.md. For a fault the error wraps
// format.ErrCorrupt or ErrTruncated, and has the path and the offset of the entry. An archive that
// does not match its trailer is such a fault, too. If its features do not allow to build its index,
// the error wraps format.ErrVersion or ErrDraft.
func BuildIndex(
	ctx context.Context, src io.ReaderAt, size int64, dst build.File, o Options,
) (res Result, err error) {
	// Other errors of the trailer are found again, in their order, except those of reading.
	t, err := format.ReadTrailer(src, size)
	if t == (format.Trailer{}) && !isFault(err) {
		return Result{}, err
	}
	if t != (format.Trailer{}) {
		if err == nil {
			err = t.CheckWrite()
		}
		if err != nil {
			return Result{}, err
		}
	}
	ix := NewIndexer(o, t.HasSHA256())
	defer func() { err = errors.Join(err, ix.Builder.Close()) }()
	s := &Scan{Src: src, Size: size, Workers: o.Workers, Sums: t.HasSHA256()}
	s.Each = func(un *Unit) error {
		if un.Err != nil {
			return &format.Problem{Path: un.Path, Offset: un.Off, Err: un.Err}
		}
		return ix.Add(un)
	}
	if err := s.Run(ctx); err != nil {
		return Result{}, err
	}
	return ix.Finish(dst, size)
}

// isFault reports whether the archive is the reason of an error, and not reading it.
func isFault(err error) bool {
	for _, fault := range []error{format.ErrNotArchive, format.ErrTruncated, format.ErrCorrupt,
		format.ErrVersion, format.ErrDraft} {
		if errors.Is(err, fault) {
			return true
		}
	}
	return false
}

// Indexer makes a sidecar of the units of an archive.
type Indexer struct {
	o        Options
	Builder  *build.Builder
	Trailer  *format.Trailer // the T that Add was given; nil: none
	Progress format.Progress // of all items so far
	// Repeats, if set, reports whether an item was in an earlier shard as well. Then Progress leaves
	// it out.
	Repeats func(it *build.Item) bool
}

// NewIndexer returns an Indexer without units. The caller closes its Builder. With sums, the items
// have their SHA-256 sums, so that the sidecar gets them if the trailer says so.
func NewIndexer(o Options, sums bool) *Indexer {
	return &Indexer{o: o, Builder: build.New(build.Options{TempDir: o.TempDir, SHA256: sums})}
}

// Add adds the next unit, which has no Err. A fault is a *format.Problem.
func (ix *Indexer) Add(un *Unit) error {
	if un.Trailer != nil {
		ix.Trailer = un.Trailer
		return nil
	}
	if t := un.Former; t != nil && t.Entries != ix.Builder.Len() {
		err := fmt.Errorf("%w: a former trailer says that entries before it number %d, not %d",
			errAltered, t.Entries, ix.Builder.Len())
		return &format.Problem{Offset: un.Off, Err: err}
	}
	for i := range un.Items {
		it := &un.Items[i]
		if err := ix.Builder.Add(*it); err != nil {
			if errors.Is(err, build.ErrItem) || errors.Is(err, sidecar.ErrPath) {
				err = fmt.Errorf("%w: %w", format.ErrCorrupt, err)
				return &format.Problem{Path: it.Path, Offset: it.Offset, Err: err}
			}
			return err
		}
		if ix.Repeats != nil && ix.Repeats(it) {
			continue
		}
		ix.Progress.Entries++
		ix.Progress.Bytes += it.Size
		if ix.o.Progress != nil {
			ix.o.Progress(ix.Progress)
		}
	}
	return nil
}

// Finish writes the sidecar of the archive, which has size bytes, and compares it with T. If only T
// is wrong, the sidecar has been written and the Result is complete.
func (ix *Indexer) Finish(dst build.File, size int64) (Result, error) {
	if ix.Trailer == nil {
		return Result{}, fmt.Errorf("%w: it ends without a trailer", format.ErrTruncated)
	}
	if ix.Trailer.IsShard() {
		ix.Builder.MarkShard()
	}
	if !ix.Trailer.HasSHA256() {
		ix.Builder.DropSums()
	}
	digest, n, err := ix.Builder.Finish(dst, size)
	switch {
	case errors.Is(err, build.ErrDuplicate), errors.Is(err, build.ErrNoParent),
		errors.Is(err, build.ErrNoTarget):
		return Result{}, fmt.Errorf("%w: %w", format.ErrCorrupt, err)
	case err != nil:
		return Result{}, err
	}
	res := Result{Entries: ix.Builder.Len(), SidecarBytes: n, Digest: digest}
	switch t := ix.Trailer; {
	case t.Entries != res.Entries:
		return res, fmt.Errorf("%w: its number of entries is %d, its trailer says %d",
			errAltered, res.Entries, t.Entries)
	case t.Digest != digest:
		return res, fmt.Errorf("%w: its trailer names an index of digest %016x, its index has %016x",
			errAltered, t.Digest, digest)
	}
	return res, nil
}

// errAltered means that each member is sound, but T was written for another archive.
var errAltered = fmt.Errorf("%w: it is not as it was packed", format.ErrCorrupt)
