package blocks

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// gated makes requests wait until the gate is closed, or their context ends.
func (o *object) gated() (gate chan struct{}) {
	gate = make(chan struct{})
	o.before = func(ctx context.Context, _, _ int64) error {
		select {
		case <-gate:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return gate
}

// A hundred readers of a block make one request. Those that give up do not disturb the others.
func TestSingleFlight(t *testing.T) {
	opts := map[string]Options{"disk": inDir(t), "memory": {ReadAhead: -1}}
	for name := range opts {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newObject(10 * blockSize)
				g := o.open(t, opts[name])
				gate := o.gated()
				ctx, giveUp := context.WithCancelCause(t.Context())
				why := errors.New("no longer needed")
				var gone, done atomic.Int32
				for i := range 100 {
					go func() {
						switch i % 4 {
						case 0:
							if err := g.Fetch(ctx, 2*blockSize, 3); !errors.Is(err, why) {
								t.Error(err)
							}
							gone.Add(1)
							return
						case 1:
							if err := g.Fetch(t.Context(), 2*blockSize, 3); err != nil {
								t.Error(err)
							}
						default:
							o.read(t, g, 2*blockSize+int64(i), 5)
						}
						done.Add(1)
					}()
					synctest.Wait()
				}
				giveUp(why)
				synctest.Wait()
				if gone.Load() != 25 || done.Load() != 0 {
					t.Errorf("%d have given up, %d are done", gone.Load(), done.Load())
				}
				close(gate)
				synctest.Wait()
				if done.Load() != 75 {
					t.Errorf("%d are done", done.Load())
				}
				equal(t, o.asked(), [2]int64{2, 1})
			})
		})
	}
}

// If all readers give up, the request is cancelled. The next reader makes another one.
func TestAllGiveUp(t *testing.T) {
	opts := inDir(t)
	opts.Parallel = 1
	synctest.Test(t, func(t *testing.T) {
		o := newObject(10 * blockSize)
		g := o.open(t, opts)
		var cancelled atomic.Int32
		o.before = func(ctx context.Context, off, _ int64) error {
			if off >= 8*blockSize {
				return nil
			}
			<-ctx.Done()
			cancelled.Add(1)
			return ctx.Err()
		}
		ctx, giveUp := context.WithCancel(t.Context())
		for _, block := range []int64{1, 3, 5, 2} { // the others wait in the queue
			go func() { _ = g.Fetch(ctx, block*blockSize, 2*blockSize) }()
			synctest.Wait()
		}
		go o.read(t, g, 8*blockSize, 1)
		synctest.Wait()
		giveUp()
		synctest.Wait()
		// One that was queued may begin before its reader has given up.
		left := len(g.queue) + len(g.pending) + g.requests
		if cancelled.Load() == 0 || left != 0 {
			t.Errorf("%d cancelled, %d blocks or requests are left", cancelled.Load(), left)
		}
		if list, n := o.asked(), int(cancelled.Load()); len(list) != n+1 || list[n] != [2]int64{8, 1} {
			t.Error(list, n)
		}
		o.before = nil
		o.read(t, g, blockSize, 5*blockSize)
		equal(t, o.asked(), [2]int64{1, 5})
	})
}

// A request that is cancelled while its body comes leaves what has come.
func TestGiveUpInBody(t *testing.T) {
	opts := inDir(t)
	synctest.Test(t, func(t *testing.T) {
		o := newObject(10 * blockSize)
		more := make(chan struct{})
		fetch := func(ctx context.Context, off, n int64) (io.ReadCloser, error) {
			body, err := o.fetch(ctx, off, n)
			return &slowBody{body, more, make(chan struct{}), blockSize + 100}, err
		}
		g := New(opts).Open("key", 10*blockSize, fetch)
		defer shut(t, g)
		ctx, giveUp := context.WithCancel(t.Context())
		var err error
		go func() { err = g.Fetch(ctx, 0, 4*blockSize) }()
		synctest.Wait()
		if o.read(t, g, 10, 100); len(o.asked()) != 1 {
			t.Error("what has come can't be read")
		}
		giveUp()
		synctest.Wait()
		if !errors.Is(err, context.Canceled) || o.running() != 0 {
			t.Error(err, o.running())
		}
		close(more)
		o.read(t, g, 0, 4*blockSize)
		equal(t, o.asked(), [2]int64{1, 3})
	})
}

// slowBody pauses after some bytes, until there is more, or it is closed. It heeds no context.
type slowBody struct {
	io.ReadCloser
	more, closed chan struct{}
	left         int
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		select {
		case <-b.more:
			b.left = len(p)
		case <-b.closed:
			return 0, errors.New("closed")
		}
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func (b *slowBody) Close() error {
	close(b.closed)
	return b.ReadCloser.Close()
}

// Close does not wait for storage that hangs. Later readers get ErrClosed.
func TestCloseWhileItHangs(t *testing.T) {
	opts := inDir(t)
	opts.ReadAhead = 1 << 20
	synctest.Test(t, func(t *testing.T) {
		o := newObject(100 * blockSize)
		fetch := func(ctx context.Context, off, n int64) (io.ReadCloser, error) {
			body, err := o.fetch(ctx, off, n)
			return &slowBody{body, nil, make(chan struct{}), blockSize}, err
		}
		g := New(opts).Open("key", 100*blockSize, fetch)
		for i := range int64(3) {
			o.read(t, g, i*blockSize, blockSize)
		}
		synctest.Wait()
		if o.running() == 0 {
			t.Error("nothing is read ahead")
		}
		shut(t, g)
		if o.running() != 0 {
			t.Error("a request goes on")
		}
		if _, err := g.ReadAt(make([]byte, 1), 50*blockSize); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
}

// No more requests than allowed are made at once. Those that wait grow together.
func TestParallel(t *testing.T) {
	opts := inDir(t)
	opts.Parallel = 3
	synctest.Test(t, func(t *testing.T) {
		o := newObject(100 * blockSize)
		g := o.open(t, opts)
		gate := o.gated()
		for i := range int64(20) {
			go o.read(t, g, i*4*blockSize, 1)
			synctest.Wait()
		}
		for i := range int64(3) { // neighbours of the last one
			go o.read(t, g, (77+i)*blockSize, 1)
			synctest.Wait()
		}
		if n := o.running(); n != 3 {
			t.Errorf("%d requests", n)
		}
		close(gate)
		synctest.Wait()
		list := o.asked()
		if o.most != 3 || len(list) != 20 || list[19] != [2]int64{76, 4} {
			t.Errorf("%d at once, %d requests, the last %v", o.most, len(list), list[len(list)-1])
		}
	})
}
