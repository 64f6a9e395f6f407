package remote

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// ErrBuilding is a notice: all of an archive is fetched to build its index.
var ErrBuilding = errors.New("all of it is downloaded to build one")

// A builder builds the index of an archive when it is first asked for it. The cache asks for what
// it does not have of two objects: the size of the index, and the index.
type builder struct {
	o    *Options
	src  *archiveSource
	why  error // there is no index on the server
	mu   sync.Mutex
	file *os.File // has the index; nil until it is built
	size int64
}

// indexSize is the size of the object that has the size of an index.
const indexSize = 8

// openBuilt opens the archive with an index that was built before and is in the cache. With
// BuildIndex it is built otherwise, and kept there. why is the error of the index on the server,
// and the result if there is none.
func (o *Options) openBuilt(
	ctx context.Context, cache *blocks.Cache, src *archiveSource, why error,
	to *tarpack.OpenOptions,
) (*tarpack.Archive, error) {
	b := &builder{o: o, src: src, why: why}
	id := key(src.object)
	size, err := b.cachedSize(ctx, cache, id)
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	g := cache.Open("built index "+id, size, b.get)
	if b.isBuilt() { // all of it belongs into the cache, and not only what is read now
		attempt := g.Begin()
		if err := g.Fetch(ctx, 0, size); err != nil {
			return nil, errors.Join(err, g.Close(), b.close())
		}
		attempt.Confirm(0, size)
	}
	x, err := openIndex(ctx, g, src.object.Name(), o.LoadIndex)
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	x.built = b
	a, err := tarpack.OpenSource(ctx, src.object.Name(), src, x.Index, size, to)
	if err != nil {
		return nil, errors.Join(err, x.Index.Close(), x.close())
	}
	src.keep(x)
	return a, nil
}

// cachedSize returns the size of the index.
func (b *builder) cachedSize(ctx context.Context, cache *blocks.Cache, id string) (int64, error) {
	g := cache.Open("size of built index "+id, indexSize, b.getSize)
	p := make([]byte, indexSize)
	attempt := g.Begin()
	err := g.Fetch(ctx, 0, indexSize)
	if err == nil {
		_, err = g.ReadAt(p, 0)
	}
	size := int64(binary.LittleEndian.Uint64(p))
	if err == nil && (size <= 0 || size > maxIndex) {
		err = fmt.Errorf("%s: the cache has an index of %d bytes", b.src.object.Name(), size)
	}
	if err == nil {
		attempt.Confirm(0, indexSize)
	}
	return size, errors.Join(err, g.Close())
}

// maxIndex is more bytes than an index has.
const maxIndex = 1 << 48

// get is the blocks.Fetch of the index.
func (b *builder) get(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	return io.NopCloser(io.NewSectionReader(b.file, off, n)), nil
}

// getSize is the blocks.Fetch of its size.
func (b *builder) getSize(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	p := binary.LittleEndian.AppendUint64(nil, uint64(b.size))
	return io.NopCloser(bytes.NewReader(p[off : off+n])), nil
}

// build builds the index unless it is built. b.mu is held. It compares all contents with their
// checksums, so all that was fetched is kept.
func (b *builder) build(ctx context.Context) error {
	switch {
	case b.file != nil:
		return nil
	case !b.o.BuildIndex:
		return b.why
	}
	if b.o.Notice != nil {
		b.o.Notice(fmt.Errorf("%w: %w", b.why, ErrBuilding))
	}
	f, err := durable.ScratchFile("")
	if err != nil {
		return err
	}
	attempt := b.src.Generation.Begin()
	_, err = scan.BuildIndex(ctx, b.src, b.src.Size(), f,
		scan.Options{Workers: b.o.Workers, Progress: b.o.Progress})
	var size int64
	if err == nil {
		size, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", b.src.object.Name(), err), f.Close())
	}
	attempt.Confirm(0, b.src.Size())
	b.file, b.size = f, size
	return nil
}

func (b *builder) isBuilt() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.file != nil
}

func (b *builder) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return nil
	}
	return b.file.Close()
}
