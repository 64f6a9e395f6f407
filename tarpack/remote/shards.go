package remote

import (
	"container/list"
	"context"
	"errors"
	"sync"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/remote/object"
)

// openShards is how many shards of a set have their cache files open at a time, besides those that
// are being read.
const openShards = 256

// shards are the shards of a set that were read. The generation of a shard is fixed when something
// in it is first read. The files of the least recently used ones are closed.
type shards struct {
	cache *blocks.Cache
	find  func(ctx context.Context, i int) (*object.Object, error) // asks the server
	limit int                                                      // openShards, except in tests

	ctx     context.Context
	cancel  context.CancelCauseFunc
	running sync.WaitGroup // of open

	mu     sync.Mutex
	stops  func(i int) []int64 // where reading ahead in shard i stops; nil: nowhere
	used   map[int]*shard
	recent list.List // of *shard with open files, the last used first
}

// shard is one shard. Its fields are guarded by shards.mu; bytes does not change while it is held.
type shard struct {
	object  *object.Object     // nil until its generation is fixed
	key     string             // of the object, in the cache
	bytes   *blocks.Generation // nil if its files are closed
	first   blocks.Attempt     // of bytes, begun before anything was read
	held    int                // number of readers
	at      *list.Element      // nil if its files are closed
	opening *opening           // nil if nobody opens it
}

// opening is one attempt to open a shard. err does not change after done is closed.
type opening struct {
	done chan struct{}
	err  error
}

func newShards(
	cache *blocks.Cache, find func(ctx context.Context, i int) (*object.Object, error),
) *shards {
	s := &shards{cache: cache, find: find, limit: openShards, used: map[int]*shard{}}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s
}

// acquire returns shard i with open files, which it keeps until giveBack. Readers that wait for the
// same shard wait for the same request.
func (s *shards) acquire(ctx context.Context, i int) (*shard, error) {
	for {
		if x := s.hold(i); x != nil {
			return x, nil
		}
		o, err := s.begin(i)
		if err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-o.done:
			if o.err != nil {
				return nil, o.err
			}
		}
	}
}

// hold returns shard i, held once more, or nil if its files are not open. It never waits.
func (s *shards) hold(i int) *shard {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.used[i]
	if x == nil || x.bytes == nil {
		return nil
	}
	x.held++
	s.recent.MoveToFront(x.at)
	return x
}

// begin begins to open shard i, unless that has begun.
func (s *shards) begin(i int) (*opening, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil, context.Cause(s.ctx)
	}
	x := s.used[i]
	if x == nil {
		x = &shard{}
		s.used[i] = x
	}
	if x.opening != nil {
		return x.opening, nil
	}
	o := &opening{done: make(chan struct{})}
	if x.bytes != nil { // since the caller has looked
		close(o.done)
		return o, nil
	}
	x.opening = o
	s.running.Go(func() {
		o.err = s.open(i, x)
		s.mu.Lock()
		defer s.mu.Unlock()
		x.opening = nil
		close(o.done)
	})
	return o, nil
}

// open opens the files of shard i, which only its caller does. The first time it fixes the
// generation.
func (s *shards) open(i int, x *shard) error {
	s.mu.Lock()
	o, k := x.object, x.key
	s.mu.Unlock()
	if o == nil {
		var err error
		if o, err = s.find(s.ctx, i); err != nil {
			return err
		}
		k = key(o)
	}
	bytes := s.cache.Open(k, o.Size(), o.Get)
	s.mu.Lock()
	defer s.mu.Unlock()
	if stops := s.stops; stops != nil {
		bytes.StopAhead(func() []int64 { return stops(i) })
	}
	x.object, x.key, x.bytes, x.first = o, k, bytes, bytes.Begin()
	x.at = s.recent.PushFront(x)
	if s.ctx.Err() != nil { // since it was begun
		bytes.Cancel(context.Cause(s.ctx))
	}
	return nil
}

// closeOldest closes the files of shards that nobody reads, if too many are open. The lock is held.
func (s *shards) closeOldest() {
	for e := s.recent.Back(); e != nil && s.recent.Len() > s.limit; {
		x := e.Value.(*shard)
		before := e.Prev()
		if x.held == 0 && before != nil { // the first one was just opened
			bytes := x.bytes
			s.recent.Remove(e)
			x.bytes, x.at = nil, nil
			s.running.Go(func() { bytes.Close() }) // an error loses nothing but cached bytes
		}
		e = before
	}
}

// giveBack gives back a shard that acquire or hold has returned.
func (s *shards) giveBack(x *shard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.held--
	s.closeOldest()
}

// cancelAll ends all requests with an error, and those that would be made later.
func (s *shards) cancelAll(cause error) {
	s.cancel(cause)
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.recent.Front(); e != nil; e = e.Next() {
		e.Value.(*shard).bytes.Cancel(cause)
	}
}

// closeAll closes all files. No shard is held, and none is acquired later.
func (s *shards) closeAll() (err error) {
	s.cancel(blocks.ErrClosed)
	s.running.Wait()
	for e := s.recent.Front(); e != nil; e = e.Next() {
		err = errors.Join(err, e.Value.(*shard).bytes.Close())
	}
	return err
}

// isBroken reports whether an error is about a shard that does not fit the list, not about one that
// was replaced after it was opened.
func isBroken(err error) bool { return errors.Is(err, format.ErrShard) }
