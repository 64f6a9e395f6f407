// Package base reads the archives whose entries go into another archive: the archive that is
// changed, and those that are merged into it.
//
//	Archive ── its file, its index, the files with several names
//	  └─ Entry ── one entry: its record, its tar header, its group
//	       └─ GroupCache ── the groups that were read last
//
// Call [Open], or [OpenAny] for a shard set as well, then [Archive.Ref] for each row of the index.
package base

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// An Archive is an archive whose entries are copied into a new one, or compared with what goes into
// it.
type Archive struct {
	*indexed.File
	Set     *shardset.OpenSet // nil if it is one file or device
	Number  int               // among the archives of a rewrite, where each has another one
	genuine map[uint32]bool   // files with several names that are not duplicates
	groups  GroupCache
	held    map[int]shardset.Held // shards that Place has returned
	placed  []int                 // their numbers, the last placed last
	written int64                 // when the first file was last written, in seconds since 1970
}

// Open opens the archive name, which is the given number of a rewrite. It checks the whole index,
// because the index of the new archive is made of it. A damaged index is rebuilt in memory.
func Open(ctx context.Context, name string, number int, o *indexed.Options) (*Archive, error) {
	x, err := indexed.Open(ctx, name, o)
	if err != nil {
		return nil, err
	}
	a := &Archive{File: x, Number: number, written: math.MaxInt64}
	// The time of a device says nothing about the archive on it.
	if fi, err := x.OSFile.Stat(); err == nil && fi.Mode().IsRegular() {
		a.written = fi.ModTime().Unix()
	}
	return open(ctx, a, o, x.BuildIndex)
}

// OpenAny is Open for an archive or a shard set. The name of a set is one that shardset.Named
// takes.
func OpenAny(ctx context.Context, name string, number int, o *indexed.Options) (*Archive, error) {
	set, ok, err := shardset.Named(name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return Open(ctx, name, number, o)
	}
	return OpenSet(ctx, set, number, o)
}

// HeldShards is how many shards of a set stay open after Place has returned them. What is copied
// from a shard is written a few copies later.
const HeldShards = 16

// openShards is how many shards of a set are open besides, to read contents and headers. Several
// sets may be open at once, and a process may often have no more than 1,024 files.
const openShards = 128

// OpenSet is Open for a shard set. Offsets count as if the shards stood one after the other.
func OpenSet(
	ctx context.Context, set format.SetName, number int, o *indexed.Options,
) (*Archive, error) {
	s, err := shardset.Open(ctx, set, o)
	if err != nil {
		return nil, err
	}
	return OfSet(ctx, s, number, o)
}

// OfSet is OpenSet for a set, or a part of one, that is open. The Archive closes it, also after an
// error.
func OfSet(
	ctx context.Context, s *shardset.OpenSet, number int, o *indexed.Options,
) (*Archive, error) {
	s.Shards.Limit = openShards
	a := &Archive{File: s.File, Set: s, Number: number, held: map[int]shardset.Held{},
		written: math.MaxInt64}
	for i := range s.Shards.Name.N {
		if fi, err := os.Stat(s.Shards.Name.Shard(i)); err == nil {
			a.written = min(a.written, fi.ModTime().Unix())
		}
	}
	return open(ctx, a, o, s.BuildIndex)
}

// open completes Open.
func open(
	ctx context.Context, a *Archive, o *indexed.Options, rebuild indexed.IndexBuilder,
) (*Archive, error) {
	var err error
	if a.Set == nil {
		if err = a.Trailer.CheckWrite(); err != nil {
			err = fmt.Errorf("%s: %w", a.Name, err)
		}
	}
	if err == nil {
		err = a.MakeSound(ctx, o, rebuild)
	}
	if err == nil {
		err = a.FindGenuine(func(string) bool { return true })
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Close closes the archive.
func (a *Archive) Close() error {
	if a.Set == nil {
		return a.File.Close()
	}
	for _, h := range a.held {
		h.Release()
	}
	return a.Set.Close()
}

// Bytes returns a reader of the archive.
func (a *Archive) Bytes() io.ReaderAt {
	if a.Set != nil {
		return a.Set.Shards
	}
	return a.OSFile
}

// Place returns the file that has the byte at off, and its offset there. The file stays open until
// Close, or if the archive is a set, at least until Place has returned HeldShards other shards.
// Place is for one goroutine.
func (a *Archive) Place(off int64) (f *os.File, local int64, err error) {
	if a.Set == nil {
		return a.OSFile, off, nil
	}
	i, start := a.Set.Shards.Place(off)
	h, ok := a.held[i]
	if !ok {
		if h, err = a.Set.Shards.Hold(i); err != nil {
			return nil, 0, err
		}
		a.held[i] = h
	}
	a.notePlaced(i, ok)
	return h.File, off - start, nil
}

// notePlaced makes shard i, which was held before or not, the one that was placed last. It releases
// the one that was placed first if too many are held.
func (a *Archive) notePlaced(i int, before bool) {
	last := len(a.placed) - 1
	if before {
		if a.placed[last] == i {
			return
		}
		at := slices.Index(a.placed, i)
		a.placed = slices.Delete(a.placed, at, at+1)
	}
	a.placed = append(a.placed, i)
	if len(a.placed) > HeldShards+1 {
		first := a.placed[0]
		a.placed = slices.Delete(a.placed, 0, 1)
		a.held[first].Release()
		delete(a.held, first)
	}
}

// First returns the file that the archive begins in. It stays open until release is called.
func (a *Archive) First() (f *os.File, release func(), err error) {
	if a.Set == nil {
		return a.OSFile, func() {}, nil
	}
	h, err := a.Set.Shards.Hold(0)
	return h.File, h.Release, err
}

// OpenContent opens the content of entry i, a regular file or a hard link.
func (a *Archive) OpenContent(i int) (*gzmember.Reader, error) {
	c, err := format.ContentOf(a.Index, i)
	if err != nil {
		return nil, err
	}
	return gzmember.NewReader(a.Bytes(), c)
}

// IsOlderThan reports whether the file of the archive was last written in a second before modTime
// was over. A file with that time was from the future when it was packed. A copy may be later than
// the archive was, so false proves nothing.
func (a *Archive) IsOlderThan(modTime int64) bool { return a.written <= modTime }

// FindGenuine finds the files that have several names among the paths that stay. Duplicates do not
// count. If all hard links are duplicates, the index is not read.
func (a *Archive) FindGenuine(stays func(path string) bool) error {
	st := a.Index.Stats()
	if st.Hardlinks == st.Duplicates {
		return nil
	}
	names := map[uint32]int{} // links to each file that are not duplicates
	for row, err := range a.Index.All(0, a.Index.Len()) {
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		if row.Entry.Type == sidecar.TypeHardlink && !row.Entry.Duplicate && stays(string(row.Path)) {
			names[row.Entry.Target]++
		}
	}
	a.genuine = map[uint32]bool{}
	for file, n := range names {
		path, err := a.Index.Path(int(file))
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		a.genuine[file] = n > 1 || stays(path)
	}
	return nil
}

// Duplicates counts, for each file, the hard links that replace duplicates of it.
func (a *Archive) Duplicates() (map[uint32]int, error) {
	links := map[uint32]int{}
	if a.Index.Stats().Duplicates == 0 {
		return links, nil
	}
	for row, err := range a.Index.All(0, a.Index.Len()) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		if row.Entry.Duplicate {
			links[row.Entry.Target]++
		}
	}
	return links, nil
}

// AddContent completes the item of file i with its segments, if the file has any, and with sums
// also with its SHA-256 sums. If the index has none, the content is decompressed to compute them.
// The caller closes them with CloseSums.
func (a *Archive) AddContent(i uint32, it *build.Item, sums bool) error {
	err := indexed.AddContent(a.Index, int(i), it)
	if err != nil || !sums || a.Index.HasSHA256() || it.Size == 0 {
		return err
	}
	content, err := a.OpenContent(int(i))
	if err != nil {
		return err
	}
	defer content.Close()
	var s build.Sums
	defer s.Close()
	s.Reset()
	if _, err := content.WriteTo(&s); err != nil {
		return &format.Problem{Path: it.Path, Offset: it.Offset, Err: err}
	}
	return s.Record(&it.ContentSums)
}
