package blocks

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/tarpack/source"
)

// maxRequest is how many bytes are requested at once, at most.
const maxRequest = 8 << 20

// request is a request for blocks that are neighbours. Its fields are guarded by Cache.mu; blocks
// does not change after the request was started.
type request struct {
	blocks  []*pending
	waiters int // of blocks that have not come yet
	cancel  context.CancelFunc
}

// begin requests blocks, in order of their numbers. If as many requests are being made as may be,
// the blocks wait in a queue, and those that nobody waits for are left out.
func (c *Cache) begin(blocks []*pending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var r *request
	for _, p := range blocks {
		if p.waiters == 0 && (r == nil || !r.follows(p)) && c.requests+len(c.queue) >= c.parallel {
			c.endLocked(p, nil, nil)
			continue
		}
		if r == nil || !r.follows(p) || len(r.blocks) >= maxRequest/blockSize {
			if r = c.queuedBefore(p); r == nil {
				r = &request{}
				c.queue = append(c.queue, r)
			}
		}
		p.request = r
		r.blocks = append(r.blocks, p)
		r.waiters += p.waiters
	}
	c.dispatch()
}

// follows reports whether a block is the next one after those of the request.
func (r *request) follows(p *pending) bool { return r.blocks[len(r.blocks)-1].block+1 == p.block }

// queuedBefore returns a queued request that a block can be added to, or nil. It looks at the last
// ones only.
func (c *Cache) queuedBefore(p *pending) *request {
	for _, r := range c.queue[max(0, len(c.queue)-64):] {
		if r.follows(p) && len(r.blocks) < int(c.window) {
			return r
		}
	}
	return nil
}

// dispatch starts requests from the queue. c.mu is held.
func (c *Cache) dispatch() {
	for c.requests < c.parallel && len(c.queue) > 0 {
		r := c.queue[0]
		c.queue = c.queue[1:]
		var ctx context.Context
		ctx, r.cancel = context.WithCancel(c.ctx)
		c.requests++
		c.running.Go(func() { c.run(ctx, r) })
	}
}

// run makes a request.
func (c *Cache) run(ctx context.Context, r *request) {
	err := c.failedNow()
	if err == nil {
		err = c.receive(ctx, r.blocks)
	}
	r.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if errors.Is(err, source.ErrChanged) {
		c.changed = err
	}
	for _, p := range r.blocks {
		c.endLocked(p, nil, err)
	}
	c.requests--
	c.dispatch()
}

func (c *Cache) failedNow() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed()
}

// receive requests blocks and puts each into the cache as it comes.
func (c *Cache) receive(ctx context.Context, blocks []*pending) error {
	off := blocks[0].block * blockSize
	last := blocks[len(blocks)-1].block
	n := last*blockSize + c.length(last) - off
	body, err := c.fetch(ctx, off, n)
	if err != nil {
		return c.causeOf(err)
	}
	// A body that does not heed the context must not stop Close.
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		body.Close()
		close(closed)
	})
	defer func() {
		if stop() {
			body.Close()
		} else {
			<-closed
		}
	}()
	var data []byte
	for _, p := range blocks {
		if data == nil {
			data = make([]byte, blockSize)
		}
		data = data[:c.length(p.block)]
		k, err := io.ReadFull(body, data)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: %d bytes from offset %d were requested, and %d came",
				source.ErrUnavailable, n, off, p.block*blockSize-off+int64(k))
		}
		if err != nil {
			return c.causeOf(err)
		}
		if kept := c.store(p.block, data); c.end(p, data, nil) || kept {
			data = nil
		}
	}
	return nil
}

// causeOf returns ErrClosed for an error that comes from closing the Cache.
func (c *Cache) causeOf(err error) error {
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	return err
}

// abandon cancels a request that nobody waits for. Whoever wants one of its blocks from now on
// requests it again. c.mu is held.
func (c *Cache) abandon(r *request) {
	for _, p := range r.blocks {
		c.endLocked(p, nil, context.Canceled)
	}
	if r.cancel != nil {
		r.cancel()
		return
	}
	for i, q := range c.queue {
		if q == r {
			c.queue = append(c.queue[:i:i], c.queue[i+1:]...)
			return
		}
	}
}
