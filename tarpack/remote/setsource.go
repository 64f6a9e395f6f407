package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/source"
)

// setSource is the source.Source of a shard set on a server: its shards, one after the other. Each
// is opened, and compared with the list, when something in it is read.
type setSource struct {
	*shardset.Layout
	*shards
	o    *Options
	urls setURL
	list *object.Object
	ownIndex
	changed atomic.Bool
	release func()
}

var (
	_ shardset.Source = (*setSource)(nil)
	_ source.Keeper   = (*setSource)(nil)
)

// stopAhead makes reading ahead stop before long files. No shard has been read yet.
func (s *setSource) stopAhead(l longMembers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops = func(i int) []int64 { return l.within(s.ShardStart(i), s.ShardSize(i)) }
}

// ReadAt implements source.Source.
func (s *setSource) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("%s: negative offset", s.list.Name())
	}
	for n < len(p) {
		at := off + int64(n)
		if at >= s.Size() {
			return n, io.EOF
		}
		m, err := s.readShard(p[n:], at)
		if n += m; err != nil {
			return n, s.note(err)
		}
	}
	return n, nil
}

// readShard reads up to the end of the shard that has the byte at off.
func (s *setSource) readShard(p []byte, off int64) (int, error) {
	i, start := s.Place(off)
	x, err := s.acquire(context.Background(), i)
	if err != nil {
		return 0, err
	}
	defer s.giveBack(x)
	off -= start
	n, err := x.bytes.ReadAt(p[:min(int64(len(p)), s.ShardSize(i)-off)], off)
	if errors.Is(err, io.EOF) { // the size is that of the list
		err = nil
	}
	return n, err
}

// note notes that a shard was replaced after it was opened.
func (s *setSource) note(err error) error {
	if errors.Is(err, source.ErrChanged) && !isBroken(err) {
		s.changed.Store(true)
	}
	return err
}

// Fetch implements source.Source.
func (s *setSource) Fetch(ctx context.Context, off, n int64) error {
	n = min(n, s.Size()-off)
	for n > 0 {
		i, start := s.Place(off)
		part := min(n, start+s.ShardSize(i)-off)
		x, err := s.acquire(ctx, i)
		if err == nil {
			err = x.bytes.Fetch(ctx, off-start, part)
			s.giveBack(x)
		}
		if err != nil {
			return s.note(err)
		}
		off, n = off+part, n-part
	}
	return nil
}

// ReadNow implements source.Source. It reads only bytes of one shard, if that is open.
func (s *setSource) ReadNow(p []byte, off int64) bool {
	if off < 0 {
		return false
	}
	i, start := s.Place(off)
	x := s.hold(i)
	if x == nil {
		return false
	}
	defer s.giveBack(x)
	return x.bytes.ReadNow(p, off-start)
}

// Piece implements source.Source. ok is false unless the shard is open and all bytes up to its end
// are in the cache file.
func (s *setSource) Piece(off, n int64) (source.Piece, bool, error) {
	if off < 0 || n < 0 || off >= s.Size() {
		return source.Piece{}, false, nil
	}
	i, start := s.Place(off)
	x := s.hold(i)
	if x == nil {
		return source.Piece{}, false, nil
	}
	p, ok, err := x.bytes.Piece(off-start, min(n, start+s.ShardSize(i)-off))
	if !ok || err != nil {
		s.giveBack(x)
		return source.Piece{}, false, err
	}
	release := p.Release
	p.Release = func() {
		release()
		s.giveBack(x)
	}
	return p, true, nil
}

// Map implements source.Source.
func (s *setSource) Map() ([]byte, func() error) { return nil, nil }

// Identity implements source.Source. Each shard is compared with the list.
func (s *setSource) Identity() string { return s.list.Identity() }

// Check implements source.Source. It asks for the list, since other shards have another list. It
// fails as well after a shard that was read was replaced.
func (s *setSource) Check() error {
	if s.changed.Load() {
		return fmt.Errorf("%s: %w", s.list.Name(), source.ErrChanged)
	}
	return s.list.Check(context.Background())
}

// Cancel ends all requests for the set with an error, and those that would be made later.
func (s *setSource) Cancel(cause error) {
	s.cancelAll(cause)
	if s.index != nil {
		s.index.blocks.Cancel(cause)
	}
}

// Close implements source.Source. The sidecar.Index is closed before it.
func (s *setSource) Close() (err error) {
	if s.index != nil {
		err = s.index.close()
	}
	err = errors.Join(err, s.closeAll())
	s.release()
	return err
}
