package tarpack

import (
	"container/list"
	"fmt"
	"io"
	"os"
	"sort"
	"sync"
)

// openShards is how many shards of a set are open at a time, at most, beside those that somebody holds.
const openShards = 512

// A setFile reads the shards of a set as if they stood one after the other in one file. Shards are opened when something in them is read, and each is
// held against the set's list then; those that were not used for the longest time are closed. It is safe for concurrent use.
type setFile struct {
	name  setName
	list  *setList
	ends  []int64 // of each shard, in the whole
	limit int     // openShards, but for tests

	mu     sync.Mutex
	open   map[int]*openShard
	recent list.List // of *openShard, the one used last first
	closed bool
}

// An openShard is a shard that is open. It is closed when it is in the set's list of recent ones no longer and nobody holds it.
type openShard struct {
	i    int
	file *os.File
	held int
	at   *list.Element // nil: no longer among the recent
}

func newSetFile(name setName, l *setList) *setFile {
	f := &setFile{name: name, list: l, limit: openShards, open: map[int]*openShard{}}
	end := int64(0)
	for _, s := range l.shards {
		end += s.size
		f.ends = append(f.ends, end)
	}
	return f
}

func (f *setFile) size() int64 { return f.ends[len(f.ends)-1] }

// place tells in which shard the byte at off is, and where the shard begins.
func (f *setFile) place(off int64) (shard int, start int64) {
	shard = sort.Search(len(f.ends)-1, func(i int) bool { return off < f.ends[i] })
	return shard, f.ends[shard] - f.list.shards[shard].size
}

// ReadAt implements io.ReaderAt.
func (f *setFile) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("%s: negative offset", f.name.list())
	}
	for n < len(p) {
		at := off + int64(n)
		if at >= f.size() {
			return n, io.EOF
		}
		i, start := f.place(at)
		s, err := f.acquire(i)
		if err != nil {
			return n, err
		}
		part := p[n:min(int64(len(p)), f.ends[i]-off)]
		m, err := s.file.ReadAt(part, at-start)
		f.release(s)
		if n += m; m < len(part) {
			if err == io.EOF {
				err = fmt.Errorf("%s: %w: it was cut short", f.name.shard(i), ErrShard)
			}
			return n, err
		}
	}
	return n, nil
}

// acquire opens a shard, or finds it open. It stays open until it is released.
func (f *setFile) acquire(i int) (*openShard, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, os.ErrClosed
	}
	if s := f.open[i]; s != nil {
		s.held++
		f.recent.MoveToFront(s.at)
		return s, nil
	}
	file, err := f.openShard(i)
	if err != nil {
		return nil, err
	}
	s := &openShard{i: i, file: file, held: 1}
	s.at = f.recent.PushFront(s)
	f.open[i] = s
	if f.recent.Len() > f.limit {
		f.drop(f.recent.Back().Value.(*openShard))
	}
	return s, nil
}

// drop takes a shard out of the recent ones.
func (f *setFile) drop(s *openShard) {
	f.recent.Remove(s.at)
	s.at = nil
	delete(f.open, s.i)
	if s.held == 0 {
		s.file.Close()
	}
}

func (f *setFile) release(s *openShard) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.held--; s.held == 0 && s.at == nil {
		s.file.Close()
	}
}

// openShard opens a shard and holds it against the list. Where a writer of the set was stopped between putting the list in its place and
// the shard, the shard still has its temporary name.
func (f *setFile) openShard(i int) (*os.File, error) {
	file, err := openListed(f.list, i, f.name.shard(i))
	if err == nil {
		return file, nil
	}
	if file, pendingErr := openListed(f.list, i, f.name.pending(i)); pendingErr == nil {
		return file, nil
	}
	return nil, missingShard(f.name.shard(i), f.name.n, err)
}

// openListed opens the file name if it is shard i of the list.
func openListed(l *setList, i int, name string) (*os.File, error) {
	a, err := openArchive(name)
	if err != nil {
		return nil, err
	}
	if want := l.shards[i]; a.size != want.size || a.trailer.Digest != want.digest {
		a.file.Close()
		return nil, fmt.Errorf("%s: %w: this shard is not the one of its list: it has %d bytes and index %016x, not %d and %016x",
			name, ErrShard, a.size, a.trailer.Digest, want.size, want.digest)
	}
	return a.file, nil
}

// check looks whether all shards are there and have the right size.
func (f *setFile) check() error {
	for i, want := range f.list.shards {
		name := f.name.shard(i)
		fi, err := os.Stat(name)
		if err == nil && fi.Size() == want.size && fi.Mode().IsRegular() {
			continue
		}
		file, err := f.openShard(i) // says what is wrong
		if err != nil {
			return err
		}
		file.Close()
	}
	return nil
}

// Close closes all shards that nobody holds; the others are closed when they are released.
func (f *setFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for f.recent.Len() > 0 {
		f.drop(f.recent.Back().Value.(*openShard))
	}
	return nil
}
