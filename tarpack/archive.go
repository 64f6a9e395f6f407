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
	x   *indexed.File
	set *shardset.File // a shard set; nil for an archive that is one file
}

// Close closes the archive and its index. No other method may be running, or be called later.
func (a *Archive) Close() error {
	err := a.x.Close()
	if a.set != nil {
		err = errors.Join(err, a.set.Close())
	}
	return err
}

// Name is the name that the archive was opened by.
func (a *Archive) Name() string { return a.x.Name }

// Size is that of the archive in bytes.
func (a *Archive) Size() int64 { return a.x.Size }

// Index is the archive's index. It is closed with the archive.
func (a *Archive) Index() *sidecar.Index { return a.x.Index }

// IndexRebuilt reports whether Open found no usable sidecar and built the index in memory.
func (a *Archive) IndexRebuilt() bool { return a.x.Rebuilt }

// File is the open archive, nil for a shard set.
func (a *Archive) File() *os.File { return a.x.OSFile }

// ReaderAt reads the bytes of the archive, or those of all shards of a set, one after the other.
func (a *Archive) ReaderAt() io.ReaderAt {
	if a.set != nil {
		return a.set
	}
	return a.x.OSFile
}

// Trailer is what the archive's last member says.
func (a *Archive) Trailer() format.Trailer { return a.x.Trailer }

// Content says where the content of entry i is, which is a file or a hard link to one; a hard link's is its target's. Of an
// empty file only Size and Coding, both 0, mean anything. The error wraps sidecar.ErrRange when there is no such file.
func (a *Archive) Content(i int) (gzmember.Content, error) { return format.ContentOf(a.x.Index, i) }

// OpenContent opens the content of entry i, a file or a hard link to one. Errors of reading wrap gzmember.ErrCorrupt or
// gzmember.ErrTruncated when the content is not what the index says.
func (a *Archive) OpenContent(i int) (*gzmember.Reader, error) {
	c, err := a.Content(i)
	if err != nil {
		return nil, err
	}
	return gzmember.NewReader(a.ReaderAt(), c)
}

// Sound reads the whole index and checks its digests. It returns a itself if they are right. If the
// sidecar is damaged, it returns an Archive that shares the bytes of a and has an index built from them in
// memory. The caller must call release before it closes a.
func (a *Archive) Sound(ctx context.Context, o *OpenOptions) (sound *Archive, release func() error, err error) {
	x, err := a.x.Sound(ctx, scan.Options{Workers: o.Workers, Progress: o.Progress}, o.Notice, a.buildIndex)
	if err != nil {
		return nil, nil, err
	}
	if x == a.x {
		return a, func() error { return nil }, nil
	}
	return &Archive{x: x, set: a.set}, x.Index.Close, nil
}

// buildIndex writes the archive's index to dst, built without its sidecar.
func (a *Archive) buildIndex(ctx context.Context, dst sidecar.File, o scan.Options) error {
	if a.set != nil {
		_, _, err := shardset.Join(ctx, a.set.Name, dst, o)
		return err
	}
	return a.x.BuildIndex(ctx, dst, o)
}

// Unfinished is how many bytes follow the archive in its file, of an append that was interrupted or is not finished yet. Nothing reads them. If an
// append was killed, the next command that writes the archive cuts them off; else Repair does.
func (a *Archive) Unfinished() int64 { return a.x.Rest }
