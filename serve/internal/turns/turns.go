// Package turns limits how many tasks run at the same time that keep a processor busy each. Clients
// that wait for turns get them one after the other, whatever number of tasks each has: see [For].
package turns

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Turns are for tasks of one kind. They are safe for concurrent use.
type Turns struct {
	mu      sync.Mutex
	free    int // 0 while a task waits
	clients map[uint64]*client
	waiting []*client // those with tasks that wait; the one that had a turn last is at the end
}

// client is a client that has turns, or whose tasks wait for some.
type client struct {
	key   uint64
	has   int
	tasks []chan struct{} // that wait, the oldest first; closed when it has its turn
}

// New returns Turns for n tasks at the same time.
func New(n int) *Turns { return &Turns{free: n, clients: map[uint64]*client{}} }

// Half returns Turns for tasks that leave half of the processors to others.
func Half() *Turns { return New(max(1, runtime.GOMAXPROCS(0)/2)) }

// All returns Turns for as many tasks as there are processors.
func All() *Turns { return New(runtime.GOMAXPROCS(0)) }

// clientKey is the key of a context's client.
type clientKey struct{}

// For returns a context for tasks of a client. Tasks with the same number are one client's, and
// those of contexts without one are another's.
func For(ctx context.Context, client uint64) context.Context {
	return context.WithValue(ctx, clientKey{}, client)
}

// Take waits for a turn, which done gives back. If ctx ends first, it returns the cause. A turn
// that is given back goes to the client that has the fewest, and among these to the one that has
// waited since its last turn for the longest time.
func (t *Turns) Take(ctx context.Context) (done func(), err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	key, _ := ctx.Value(clientKey{}).(uint64)
	c, task := t.begin(key)
	done = sync.OnceFunc(func() { t.end(c) })
	if task == nil {
		return done, nil
	}
	select {
	case <-task:
		return done, nil
	case <-ctx.Done():
	}
	if !t.giveUp(c, task) { // it has got its turn meanwhile
		done()
	}
	return nil, context.Cause(ctx)
}

// TakeWithin is Take with a limit of time, after which the error is late.
func (t *Turns) TakeWithin(
	ctx context.Context, limit time.Duration, late error,
) (done func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, late)
	defer cancel()
	return t.Take(ctx)
}

// begin takes a turn that is free, or adds a task to those that wait and returns it.
func (t *Turns) begin(key uint64) (c *client, task chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c = t.clients[key]; c == nil {
		c = &client{key: key}
		t.clients[key] = c
	}
	if t.free > 0 {
		t.free--
		c.has++
		return c, nil
	}
	if len(c.tasks) == 0 {
		t.waiting = append(t.waiting, c)
	}
	task = make(chan struct{})
	c.tasks = append(c.tasks, task)
	return c, task
}

// end gives a turn of a client to the next one.
func (t *Turns) end(c *client) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.has--
	if len(t.waiting) == 0 {
		t.free++
		t.forget(c)
		return
	}
	if i := slices.Index(t.waiting, c); i >= 0 {
		t.waiting = append(slices.Delete(t.waiting, i, i+1), c)
	}
	next := 0
	for i, other := range t.waiting {
		if other.has < t.waiting[next].has {
			next = i
		}
	}
	n := t.waiting[next]
	n.has++
	close(n.tasks[0])
	if n.tasks = n.tasks[1:]; len(n.tasks) == 0 {
		t.waiting = slices.Delete(t.waiting, next, next+1)
	}
	t.forget(c)
}

// giveUp removes a task that waits. It returns false if it has its turn.
func (t *Turns) giveUp(c *client, task chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(c.tasks, task)
	if i < 0 {
		return false
	}
	if c.tasks = slices.Delete(c.tasks, i, i+1); len(c.tasks) == 0 {
		i = slices.Index(t.waiting, c)
		t.waiting = slices.Delete(t.waiting, i, i+1)
		t.forget(c)
	}
	return true
}

// forget forgets a client that has no turns, and waits for none.
func (t *Turns) forget(c *client) {
	if c.has == 0 && len(c.tasks) == 0 {
		delete(t.clients, c.key)
	}
}
