package tarpack

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// An Archive is an open archive with its index. It is safe for concurrent use, except for Close.
//
// Its file may be replaced while it is open: an Archive goes on to read the one that it has opened.
type Archive struct {
	X   *indexed.File
	set *shardset.File // a shard set; nil for an archive that is one file
}

// Open opens an archive and its sidecar. With a good sidecar it reads 64 bytes of the one and 320 of the other.
//
// The error wraps ErrNotArchive, ErrTruncated, ErrVersion or ErrCorrupt, with NoIndex ErrNoSidecar or ErrStale, or it is
// that of opening the file.
func Open(name string, o *indexed.Options) (*Archive, error) {
	return OpenContext(context.Background(), name, o)
}

// OpenContext is Open with a context that can end the indexing.
func OpenContext(ctx context.Context, name string, o *indexed.Options) (*Archive, error) {
	if o == nil {
		o = &indexed.Options{}
	}
	x, err := indexed.Open(ctx, name, o)
	if err != nil {
		return nil, err
	}
	return &Archive{X: x}, nil
}

// Close closes the archive and its index. No other method may be running, or be called later.
func (a *Archive) Close() error {
	err := a.X.Close()
	if a.set != nil {
		err = errors.Join(err, a.set.Close())
	}
	return err
}

// Name is the name that the archive was opened by.
func (a *Archive) Name() string { return a.X.Name }

// Size is that of the archive in bytes.
func (a *Archive) Size() int64 { return a.X.Size }

// Index is the archive's index. It is closed with the archive.
func (a *Archive) Index() *sidecar.Index { return a.X.Index }

// Indexed says whether there was no good sidecar, so that the index was made when the archive was opened.
func (a *Archive) Indexed() bool { return a.X.Rebuilt }

// File is the open archive, nil for a shard set.
func (a *Archive) File() *os.File { return a.X.OSFile }

// ReaderAt reads the bytes of the archive, or those of all shards of a set, one after the other.
func (a *Archive) ReaderAt() io.ReaderAt {
	if a.set != nil {
		return a.set
	}
	return a.X.OSFile
}

// Trailer is what the archive's last member says.
func (a *Archive) Trailer() format.Trailer { return a.X.Trailer }

// Content says where the content of entry i is, which is a file or a hard link to one; a hard link's is its target's. Of an
// empty file only Size and Coding, both 0, mean anything. The error wraps sidecar.ErrRange when there is no such file.
func (a *Archive) Content(i int) (gzmember.Content, error) { return format.ContentOf(a.X.Index, i) }

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
func (a *Archive) SoundIndex(ctx context.Context, o scan.Options, notice func(string)) (*Archive, error) {
	x, err := a.X.Sound(ctx, o, notice, a.buildIndex)
	if err != nil || x == a.X {
		return a, err
	}
	return &Archive{X: x, set: a.set}, nil
}

// buildIndex writes the archive's index to dst, built without its sidecar.
func (a *Archive) buildIndex(ctx context.Context, dst sidecar.File, o scan.Options) error {
	if a.set != nil {
		_, _, err := shardset.Join(ctx, a.set.Name, dst, o)
		return err
	}
	return a.X.BuildIndex(ctx, dst, o)
}

// Unfinished is how many bytes follow the archive in its file, of an append that was interrupted or is not finished yet. Nothing reads them. If an
// append was killed, the next command that writes the archive cuts them off; else Repair does.
func (a *Archive) Unfinished() int64 { return a.X.Rest }
