package shardset

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/source"
)

// OpenShards is how many shards of a set are open at a time, besides those that are held.
const OpenShards = 512

// File reads the shards of a set as if they were one file. A shard is opened, and compared with the
// list, when something in it is read. The least recently used ones are closed. It is safe for
// concurrent use.
type File struct {
	*Layout
	Limit int // OpenShards, except in tests
	// Strict makes a shard that has lost its name one that may have been written to before.
	Strict bool

	mu     sync.Mutex
	open   map[int]*openShard
	Recent list.List                // of *openShard, the last used first
	stamps map[int]changetime.Stamp // of the shards that were opened, at the first time
	linked map[int]bool             // shards that got or lost a name since Accept
	closed bool
}

// openShard is an open shard. It is closed once it is not among the recent ones and no caller holds
// it.
type openShard struct {
	i    int
	File *os.File
	held int           // number of callers
	at   *list.Element // nil if it is not among the recent ones
}

// NewFile returns the File of a set with this list. It opens nothing.
func NewFile(name format.SetName, l *List) *File {
	return &File{Layout: NewLayout(name, l), Limit: OpenShards, open: map[int]*openShard{},
		stamps: map[int]changetime.Stamp{}, linked: map[int]bool{}}
}

// ReadAt implements io.ReaderAt. The error wraps format.ErrShard if a shard is missing, another
// one, or too short.
func (f *File) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("%s: negative offset", f.Name.List())
	}
	for n < len(p) {
		at := off + int64(n)
		if at >= f.Size() {
			return n, io.EOF
		}
		i, start := f.Place(at)
		s, err := f.Acquire(i)
		if err != nil {
			return n, err
		}
		part := p[n:min(int64(len(p)), f.ends[i]-off)]
		m, err := s.File.ReadAt(part, at-start)
		f.Release(s)
		if n += m; m < len(part) {
			if err == io.EOF {
				err = &brokenError{f.Name.Shard(i), "it was cut short", format.ErrShard}
			}
			return n, err
		}
	}
	return n, nil
}

// Acquire returns an open shard. It stays open until Release.
func (f *File) Acquire(i int) (*openShard, error) {
	if s, err := f.hold(i, nil); s != nil || err != nil {
		return s, err
	}
	// Opening may wait for a disk. Without the lock, ReadNow need not wait with it.
	file, err := f.openShard(i)
	if err != nil {
		return nil, err
	}
	s, err := f.hold(i, file)
	if err != nil || s.File != file { // it was closed, or another goroutine was faster
		file.Close()
	}
	return s, err
}

// hold returns shard i, held once more, if it is open. Otherwise it makes file the open shard, or
// returns nil if file is nil.
func (f *File) hold(i int, file *os.File) (*openShard, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, os.ErrClosed
	}
	if s := f.open[i]; s != nil {
		s.held++
		f.Recent.MoveToFront(s.at)
		return s, nil
	}
	if file == nil {
		return nil, nil
	}
	if err := f.checkStamp(i, file); err != nil {
		return nil, err
	}
	s := &openShard{i: i, File: file, held: 1}
	s.at = f.Recent.PushFront(s)
	f.open[i] = s
	if f.Recent.Len() > f.Limit {
		f.drop(f.Recent.Back().Value.(*openShard))
	}
	return s, nil
}

// checkStamp remembers the Stamp of a shard that is opened for the first time. Later the error
// wraps source.ErrChanged if the shard is another file, or if its content may have changed. The
// lock is held.
func (f *File) checkStamp(i int, file *os.File) error {
	now, err := changetime.Stat(file)
	if err != nil {
		return err
	}
	was, ok := f.stamps[i]
	switch {
	case !ok || was == now:
		f.stamps[i] = now
		return nil
	case !f.Strict && was.SameContent(now):
		f.stamps[i], f.linked[i] = now, true
		return nil
	case was.OnlyAttributes(now):
		return fmt.Errorf("%s: %w", f.Name.Shard(i), source.ErrTouched)
	}
	return fmt.Errorf("%s: %w", f.Name.Shard(i), source.ErrChanged)
}

// Unchanged implements source.Overwritable. It looks at the shards that are open and have some of
// the bytes. The error wraps ErrTouched, too, after a shard of them has got or lost a name.
func (f *File) Unchanged(off, n int64) error {
	first, _ := f.Place(off)
	last, _ := f.Place(max(off+n-1, off))
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := first; i <= last; i++ {
		if s := f.open[i]; s != nil {
			if err := f.checkStamp(i, s.File); err != nil {
				return err
			}
		}
		if f.linked[i] {
			return fmt.Errorf("%s: %w", f.Name.Shard(i), source.ErrTouched)
		}
	}
	return nil
}

// Accept implements source.Overwritable.
func (f *File) Accept() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, s := range f.open {
		if now, err := changetime.Stat(s.File); err == nil && f.stamps[i].OnlyAttributes(now) {
			f.stamps[i] = now
		}
	}
	clear(f.linked)
}

// drop removes a shard from the recent ones.
func (f *File) drop(s *openShard) {
	f.Recent.Remove(s.at)
	s.at = nil
	delete(f.open, s.i)
	if s.held == 0 {
		s.File.Close()
	}
}

// Release gives back a shard that Acquire returned.
func (f *File) Release(s *openShard) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.held--; s.held == 0 && s.at == nil {
		s.File.Close()
	}
}

// Held is an open shard that stays open until Release.
type Held struct {
	File    *os.File // to be read by offset only, since others share it
	Release func()
}

// Hold opens a shard, and keeps it open.
func (f *File) Hold(i int) (Held, error) {
	s, err := f.Acquire(i)
	if err != nil {
		return Held{}, err
	}
	return Held{File: s.File, Release: func() { f.Release(s) }}, nil
}

// openShard opens a shard and compares it with the list. If a writer was killed after it had
// committed the set, the shard may still have its temporary name.
func (f *File) openShard(i int) (*os.File, error) {
	file, err := OpenListed(f.list, i, f.Name.Shard(i))
	if err == nil {
		return file, nil
	}
	if file, pendingErr := OpenListed(f.list, i, f.Name.Pending(i)); pendingErr == nil {
		return file, nil
	}
	return nil, MissingShard(f.Name.Shard(i), f.Name.N, err)
}

// OpenListed opens the file name if it is shard i of the list. Otherwise the error wraps
// format.ErrShard and source.ErrChanged, and format.ErrShardPlace if it is another one of the list.
func OpenListed(l *List, i int, name string) (*os.File, error) {
	a, err := archivefile.Open(name)
	if err != nil {
		return nil, err
	}
	if err := l.Check(i, name, ShardInfo{a.Size, a.Trailer.Digest}); err != nil {
		a.OSFile.Close() // opened for reading only: an error loses nothing
		return nil, err
	}
	return a.OSFile, nil
}

// CheckShards returns an error if a shard is missing or has another size than in the list.
func (f *File) CheckShards() error {
	for i, want := range f.list.Shards {
		name := f.Name.Shard(i)
		fi, err := os.Stat(name)
		if err == nil && fi.Size() == want.Size && fi.Mode().IsRegular() {
			continue
		}
		file, err := f.openShard(i) // for its error
		if err != nil {
			return err
		}
		file.Close()
	}
	return nil
}

// CheckAll opens each shard, and returns an error if one is missing or does not match the list.
func (f *File) CheckAll() error {
	for i := range f.list.Shards {
		file, err := f.openShard(i)
		if err != nil {
			return err
		}
		file.Close()
	}
	return nil
}

// Close closes all shards that are not held. The others are closed by Release.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for f.Recent.Len() > 0 {
		f.drop(f.Recent.Back().Value.(*openShard))
	}
	return nil
}

// BuildIndex implements Source.
func (f *File) BuildIndex(ctx context.Context, dst build.File, o scan.Options) error {
	_, _, err := Join(ctx, f.Name, dst, o)
	return err
}

// Identity implements source.Source. It has a hash of the size and the digest of each shard, which
// are known without a list, too.
func (f *File) Identity() string {
	shards := List{Shards: f.list.Shards}
	return fmt.Sprintf("%s %016x", f.Name.List(), xxhash.Sum64(shards.Append(nil)))
}

// Check implements source.Source. It compares the set's list with the one that was opened.
func (f *File) Check() error {
	now, err := ReadList(f.Name.List(), f.Name.N)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.CheckShards() // a set without a list
	case err != nil:
		return fmt.Errorf("%w: %w", source.ErrUnavailable, err)
	case !slices.Equal(now.Shards, f.list.Shards):
		return fmt.Errorf("%s: %w", f.Name.List(), source.ErrChanged)
	}
	return nil
}

// ReadNow implements source.Source. It reads only bytes of one shard, if that is open.
func (f *File) ReadNow(p []byte, off int64) bool {
	i, start := f.Place(off)
	if off < 0 || off+int64(len(p)) > f.ends[i] {
		return false
	}
	f.mu.Lock()
	s := f.open[i]
	if s != nil {
		s.held++
	}
	f.mu.Unlock()
	if s == nil {
		return false
	}
	defer f.Release(s)
	return source.ReadNow(s.File, p, off-start)
}

// Fetch implements source.Source by reading.
func (f *File) Fetch(ctx context.Context, off, n int64) error {
	return source.ReadThrough(ctx, f, off, n)
}

// Map implements source.Source. A set is several files and has no mapping.
func (f *File) Map() ([]byte, func() error) { return nil, nil }

// Piece implements source.Source. It ends with its shard.
func (f *File) Piece(off, n int64) (source.Piece, bool, error) {
	if off < 0 || off > f.Size() {
		return source.Piece{}, false, fmt.Errorf("%s: there is no offset %d", f.Name.List(), off)
	}
	i, start := f.Place(off)
	s, err := f.Acquire(i)
	if err != nil {
		return source.Piece{}, false, err
	}
	return source.Piece{
		File: s.File, Offset: off - start, Length: min(n, f.ends[i]-off),
		Release: func() { f.Release(s) },
	}, true, nil
}
