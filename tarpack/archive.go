package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// An Archive is an open archive with its index: [Open], [OpenAt] or [OpenSource] returns it. It is
// safe for concurrent use, except for Close.
//
// Its files may be replaced while it is open. An Archive goes on to read what it has opened.
type Archive struct {
	name       string
	src        source.Source
	trailer    format.Trailer
	unfinished int64
	index      *sidecar.Index
	rebuilt    bool
	embedded   bool                 // index is the one in the archive
	build      indexed.IndexBuilder // builds the index without the sidecar
	unmap      func() error         // to be called after the index is closed; nil: nothing
	signed     *signature.Signed    // nil without OpenOptions.Trust
	header     *sidecar.Header      // that was signed; nil without, or if the index was built from it
	under      *sidecar.Index       // what index reads, where that checks it; or nil
	within     Container            // nil unless OpenOptions has it
}

// A Container is a file that has an archive in it, and the files that would lie beside that.
type Container interface {
	// ArchiveName returns the name that the archive had, without a directory.
	ArchiveName() string
	// Beside returns where the file is whose name ends in suffix, in bytes from the beginning of the
	// container. ok is false if there is none.
	Beside(suffix string) (offset, size int64, ok bool)
	// Reopen opens the container once more. The error wraps source.ErrChanged if its name leads to
	// another file now.
	Reopen() (*os.File, error)
}

// Within returns the file that the archive is a part of, or nil if it is a file of its own.
func (a *Archive) Within() Container { return a.within }

// Close closes the archive and its index. No other method may be running, or be called later.
func (a *Archive) Close() error {
	err := a.closeIndex()
	if a.unmap != nil {
		err = errors.Join(err, a.unmap())
	}
	return errors.Join(err, a.src.Close())
}

func (a *Archive) closeIndex() error {
	err := a.index.Close()
	if a.under != nil {
		err = errors.Join(err, a.under.Close())
	}
	return err
}

// Name returns the name that the archive was opened by. For a shard set it is that of the list.
func (a *Archive) Name() string { return a.name }

// Size returns the size of the archive in bytes, for a set of all its shards together.
func (a *Archive) Size() int64 { return a.src.Size() }

// Index returns the archive's index. It is closed with the archive.
func (a *Archive) Index() *sidecar.Index { return a.index }

// UnloadIndex takes an index that is mapped out of the memory of the process: see
// sidecar.Index.Unload.
func (a *Archive) UnloadIndex() {
	a.index.Unload()
	if a.under != nil {
		a.under.Unload()
	}
}

// IndexRebuilt reports whether Open found no usable sidecar and built the index in memory.
func (a *Archive) IndexRebuilt() bool { return a.rebuilt }

// Source returns the bytes of the archive, for a set those of all shards one after the other. It is
// closed with the archive.
func (a *Archive) Source() source.Source { return a.src }

// Trailer returns what the archive's last member records. A set has the sum of its shards' entries.
func (a *Archive) Trailer() format.Trailer { return a.trailer }

// Unfinished returns how many bytes follow the archive in its file, from an append that was
// interrupted or is not finished yet. Nothing reads them. The next command that changes the archive
// cuts off those of a killed append; otherwise convert.Repair does.
func (a *Archive) Unfinished() int64 { return a.unfinished }

// CheckUnchanged returns an error that wraps source.ErrChanged if the archive was written over in
// its file since it was opened, or its end was cut off: TakeOutIndex does that to an index that is
// in use. Then what was read since is not certain to be of one state. An archive that has grown
// still is what was opened, and so is one whose name leads to another file now. A shard set finds
// out by itself.
func (a *Archive) CheckUnchanged() error {
	if a.Shards() > 0 {
		return nil
	}
	ok, err := format.HasTrailer(a.src, a.trailer)
	if err == nil && !ok {
		err = source.ErrChanged
	}
	if err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	return nil
}

// Content returns the location of the content of entry i, a regular file or a hard link (then its
// target's). Of an empty file only Size and Coding, both 0, are meaningful. The error wraps
// sidecar.ErrRange if entry i has no content.
func (a *Archive) Content(i int) (gzmember.Content, error) { return format.ContentOf(a.index, i) }

// OpenContent opens the content of entry i, a regular file or a hard link. Errors of reading wrap
// gzmember.ErrCorrupt or gzmember.ErrTruncated if the content does not match the index. With
// OpenOptions.Trust they wrap signature.ErrContent or signature.ErrHeader if it is not what was
// signed; then the reader holds up to 1 MiB in memory.
func (a *Archive) OpenContent(i int) (ContentReader, error) {
	c, err := a.Content(i)
	if err != nil {
		return nil, err
	}
	return a.open(c, i)
}

// ContentReader reads the content of an entry.
type ContentReader interface {
	io.ReadSeekCloser
	io.WriterTo
}

// open opens the content of entry i, which c describes.
func (a *Archive) open(c gzmember.Content, i int) (ContentReader, error) {
	var r ContentReader
	r, err := gzmember.NewReader(a.src, c)
	if err != nil {
		return nil, err
	}
	if a.signed != nil {
		e, err := a.index.Entry(i)
		if err == nil {
			err = a.HeaderChecker().Check(i, &e)
		}
		if err == nil {
			r, err = a.newSignedReader(r, i, c.Size)
		}
		if err != nil {
			return nil, err
		}
	}
	if k, ok := a.src.(source.Keeper); ok && c.Size > 0 {
		return newKeptReader(r, a.src, k, c), nil
	}
	return r, nil
}

// Sound reads the whole index and checks its digests. It returns a itself if they are right. If the
// sidecar is damaged, it returns an Archive that shares the bytes of a and has an index built from
// them in memory. The caller must call release before it closes a.
func (a *Archive) Sound(ctx context.Context, o *OpenOptions) (sound *Archive, release func() error,
	err error) {
	if a.rebuilt || a.signed != nil { // an index that was signed is checked where it is read
		return a, func() error { return nil }, nil
	}
	x, err := indexed.Sound(ctx, a.index, a.name, a.embedded, o.indexed(), a.build)
	if err != nil {
		return nil, nil, err
	}
	if x == a.index {
		return a, func() error { return nil }, nil
	}
	with := *a
	with.index = x
	return &with, x.Close, nil
}

// set returns the layout of a shard set, or nil if the archive is not one.
func (a *Archive) set() *shardset.Layout {
	if s, ok := a.src.(shardset.Source); ok {
		return s.Set()
	}
	return nil
}

// Shards returns the number of shards of a set, 0 if the archive is not a set.
func (a *Archive) Shards() int {
	if set := a.set(); set != nil {
		return set.Name.N
	}
	return 0
}

// ShardSize returns the bytes of shard i of a set.
func (a *Archive) ShardSize(i int) int64 {
	if set := a.set(); set != nil {
		return set.ShardSize(i)
	}
	return a.src.Size()
}

// Shard returns the name of the shard of a set that holds the byte at off, and the byte's offset in
// that shard. The error wraps format.ErrShard if the archive is not a set.
func (a *Archive) Shard(off int64) (name string, local int64, err error) {
	set := a.set()
	if set == nil {
		return "", 0, fmt.Errorf("%s: %w: it is one archive", a.name, format.ErrShard)
	}
	if off < 0 || off >= set.Size() {
		return "", 0, fmt.Errorf("%s: %w: there is no offset %d", a.name, format.ErrShard, off)
	}
	i, start := set.Place(off)
	return set.Name.Shard(i), off - start, nil
}
