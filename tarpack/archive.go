package tarpack

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
)

// An Archive is an open archive with its index. It is safe for concurrent use, except for Close.
//
// Its file may be replaced while it is open: an Archive goes on to read the one that it has opened.
type Archive struct {
	x   *indexedFile
	set *setFile // a shard set; nil for an archive that is one file
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
	x, err := openIndexed(ctx, name, o)
	if err != nil {
		return nil, err
	}
	return &Archive{x: x}, nil
}

// Close closes the archive and its index. No other method may be running, or be called later.
func (a *Archive) Close() error {
	err := a.x.close()
	if a.set != nil {
		err = errors.Join(err, a.set.Close())
	}
	return err
}

// Name is the name that the archive was opened by.
func (a *Archive) Name() string { return a.x.name }

// Size is that of the archive in bytes.
func (a *Archive) Size() int64 { return a.x.size }

// Index is the archive's index. It is closed with the archive.
func (a *Archive) Index() *sidecar.Index { return a.x.index }

// Indexed says whether there was no good sidecar, so that the index was made when the archive was opened.
func (a *Archive) Indexed() bool { return a.x.rebuilt }

// File is the open archive, nil for a shard set.
func (a *Archive) File() *os.File { return a.x.file }

// ReaderAt reads the bytes of the archive, or those of all shards of a set, one after the other.
func (a *Archive) ReaderAt() io.ReaderAt {
	if a.set != nil {
		return a.set
	}
	return a.x.file
}

// Trailer is what the archive's last member says.
func (a *Archive) Trailer() Trailer { return a.x.trailer }

// Content says where the content of entry i is, which is a file or a hard link to one; a hard link's is its target's. Of an
// empty file only Size and Coding, both 0, mean anything. The error wraps sidecar.ErrRange when there is no such file.
func (a *Archive) Content(i int) (gzmember.Content, error) { return contentOf(a.x.index, i) }

// OpenContent opens the content of entry i, a file or a hard link to one. Errors of reading wrap gzmember.ErrCorrupt or
// gzmember.ErrTruncated when the content is not what the index says.
func (a *Archive) OpenContent(i int) (*gzmember.Reader, error) {
	c, err := a.Content(i)
	if err != nil {
		return nil, err
	}
	return gzmember.NewReader(a.ReaderAt(), c)
}

// soundIndex reads the whole index and checks its digests. If it is damaged, it returns a copy of a with an index built from the archive in memory; only
// the copy's index may be closed. Otherwise it returns a.
func (a *Archive) soundIndex(ctx context.Context, o IndexOptions, notice func(string)) (*Archive, error) {
	x, err := a.x.sound(ctx, o, notice, a.buildIndex)
	if err != nil || x == a.x {
		return a, err
	}
	return &Archive{x: x, set: a.set}, nil
}

// buildIndex writes the archive's index to dst, built without its sidecar.
func (a *Archive) buildIndex(ctx context.Context, dst sidecar.File, o IndexOptions) error {
	if a.set != nil {
		_, _, err := joinShards(ctx, a.set.name, dst, o)
		return err
	}
	return a.x.buildIndex(ctx, dst, o)
}
