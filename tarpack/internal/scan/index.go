package scan

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// IndexOptions says how to index an archive. The zero value is usable.
type Options struct {
	Workers int    // inflating goroutines; 0 means one for each CPU
	TempDir string // for what does not fit in memory; "" is the system's
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

// IndexResult says what was indexed.
type Result struct {
	Entries      uint64
	SidecarBytes int64
	Digest       uint64
}

// BuildIndex makes the sidecar of an archive of size bytes from the archive alone, and writes it to dst, which is empty. It
// is byte for byte the one that pack wrote.
//
// All of the archive is inflated and held against FORMAT.md. The error wraps ErrCorrupt or ErrTruncated and has the path and
// the offset of the entry that is wrong, also when the archive is not the one that its trailer was written for.
func BuildIndex(ctx context.Context, src io.ReaderAt, size int64, dst sidecar.File, o Options) (res Result, err error) {
	ix := NewIndexer(o)
	defer func() { err = errors.Join(err, ix.Builder.Close()) }()
	s := &Scan{Src: src, Size: size, Workers: o.Workers, Each: func(un *Unit) error {
		if un.Err != nil {
			return &format.Problem{Path: un.Path, Offset: un.Off, Err: un.Err}
		}
		return ix.Add(un)
	}}
	if err := s.Run(ctx); err != nil {
		return Result{}, err
	}
	return ix.Finish(dst, size)
}

// An indexer turns the units of an archive into a sidecar.
type Indexer struct {
	o        Options
	Builder  *sidecar.Builder
	Trailer  *format.Trailer
	Progress format.Progress
}

func NewIndexer(o Options) *Indexer {
	return &Indexer{o: o, Builder: sidecar.NewBuilder(sidecar.BuilderOptions{TempDir: o.TempDir})}
}

// add takes the next unit, which is right in itself.
func (ix *Indexer) Add(un *Unit) error {
	if un.Trailer != nil {
		ix.Trailer = un.Trailer
		return nil
	}
	if t := un.Former; t != nil && t.Entries != ix.Builder.Len() {
		return &format.Problem{Offset: un.Off, Err: fmt.Errorf("%w: a former trailer counts %d entries before it, there are %d", ErrAltered, t.Entries, ix.Builder.Len())}
	}
	for i := range un.Items {
		it := &un.Items[i]
		if err := ix.Builder.Add(*it); err != nil {
			if errors.Is(err, sidecar.ErrItem) || errors.Is(err, sidecar.ErrPath) {
				return &format.Problem{Path: it.Path, Offset: it.Offset, Err: fmt.Errorf("%w: %w", format.ErrCorrupt, err)}
			}
			return err
		}
		ix.Progress.Entries++
		ix.Progress.Bytes += it.Size
		if ix.o.Progress != nil {
			ix.o.Progress(ix.Progress)
		}
	}
	return nil
}

// finish writes the sidecar and holds it against the trailer.
func (ix *Indexer) Finish(dst sidecar.File, size int64) (Result, error) {
	if ix.Trailer == nil {
		return Result{}, fmt.Errorf("%w: it ends without a trailer", format.ErrTruncated)
	}
	digest, n, err := ix.Builder.Finish(dst, size)
	switch {
	case errors.Is(err, sidecar.ErrDuplicate), errors.Is(err, sidecar.ErrNoParent), errors.Is(err, sidecar.ErrNoTarget):
		return Result{}, fmt.Errorf("%w: %w", format.ErrCorrupt, err)
	case err != nil:
		return Result{}, err
	}
	res := Result{Entries: ix.Builder.Len(), SidecarBytes: n, Digest: digest}
	switch t := ix.Trailer; {
	case t.Entries != res.Entries:
		return res, fmt.Errorf("%w: its trailer counts %d entries, there are %d", ErrAltered, t.Entries, res.Entries)
	case t.Digest != digest:
		return res, fmt.Errorf("%w: its trailer names an index of digest %016x, its index has %016x", ErrAltered, t.Digest, digest)
	}
	return res, nil
}

// errAltered: each member is right, but the archive is not the one that the trailer was written for.
var ErrAltered = fmt.Errorf("%w: it is not as it was packed", format.ErrCorrupt)
