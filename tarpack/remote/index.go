package remote

import (
	"context"
	"errors"
	"fmt"

	"github.com/edsrzf/mmap-go"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/source"
)

// An index is an open sidecar, and what its bytes lie in.
type index struct {
	*sidecar.Index
	blocks  *blocks.Generation
	mapping mmap.MMap    // nil if it is not mapped
	piece   source.Piece // that is mapped
	built   *builder     // of an index that is not on the server, or nil
}

// openIndex opens a sidecar. One of at most limit bytes is downloaded whole and checked. Errors of
// its content wrap format.ErrStale.
func openIndex(
	ctx context.Context, g *blocks.Generation, name string, limit int64,
) (_ *index, err error) {
	x := &index{blocks: g}
	defer func() {
		if err != nil {
			err = errors.Join(err, x.close())
		}
	}()
	if x.blocks.Size() > limit {
		stop := context.AfterFunc(ctx, func() { x.blocks.Cancel(context.Cause(ctx)) })
		defer stop()
		if x.Index, err = sidecar.OpenReaderAt(x.blocks, x.blocks.Size()); err != nil {
			return nil, stale(name, err)
		}
		return x, nil
	}
	for {
		attempt := x.blocks.Begin()
		err = x.load(ctx)
		if errors.Is(err, sidecar.ErrCorrupt) && attempt.Reject(0, x.blocks.Size()) {
			continue // it may have been damaged on the way
		}
		if err != nil {
			return nil, stale(name, err)
		}
		attempt.Confirm(0, x.blocks.Size())
		return x, nil
	}
}

// stale makes an error of a sidecar's content one of an index that can't be used.
func stale(name string, err error) error {
	if errors.Is(err, sidecar.ErrCorrupt) || errors.Is(err, sidecar.ErrVersion) {
		return fmt.Errorf("%s: %w: %w", name, format.ErrStale, err)
	}
	return err
}

// load fetches the whole sidecar, and opens and checks it. It is mapped from the cache's file, or
// else read into memory.
func (x *index) load(ctx context.Context) error {
	size := x.blocks.Size()
	// The object has its first bytes already, and gives them without a request.
	for _, n := range []int64{min(size, firstIndex), size} {
		if err := x.blocks.Fetch(ctx, 0, n); err != nil {
			return err
		}
	}
	b, err := x.mapped(size)
	if err != nil {
		return err
	}
	if b == nil {
		b = make([]byte, size)
		if _, err := x.blocks.ReadAt(b, 0); err != nil {
			return err
		}
	}
	if x.Index, err = sidecar.OpenBytes(b); err == nil {
		err = x.CheckHashes()
	}
	if err != nil {
		return errors.Join(err, x.unmap())
	}
	return nil
}

// mapped maps the sidecar, or returns nil if its file can't be mapped.
func (x *index) mapped(size int64) ([]byte, error) {
	piece, ok, err := x.blocks.Piece(0, size)
	if !ok || err != nil || size == 0 {
		return nil, err
	}
	m, err := osfile.Map(piece.File, int(size), piece.Offset)
	if err != nil { // no room in the address space
		piece.Release()
		return nil, nil
	}
	x.mapping, x.piece = m, piece
	return m, nil
}

// unmap removes the mapping. The sidecar.Index is not used any more.
func (x *index) unmap() error {
	x.Index = nil
	if x.mapping == nil {
		return nil
	}
	err := x.mapping.Unmap()
	x.mapping = nil
	x.piece.Release()
	return err
}

// close closes all but the sidecar.Index, which must be closed before.
func (x *index) close() error {
	err := errors.Join(x.unmap(), x.blocks.Close())
	if x.built != nil {
		err = errors.Join(err, x.built.close())
	}
	return err
}
