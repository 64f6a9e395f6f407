package blocks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tarpack/tpk/tarpack/source"
)

// maxRequest is how many bytes are requested at once, at most.
const maxRequest = 8 << 20

// request is a request for blocks that are neighbours. Its fields are guarded by Generation.mu;
// blocks does not change after the request was started.
type request struct {
	blocks  []*pending
	waiters int // of blocks that have not come yet
	cancel  context.CancelFunc
}

// begin requests blocks, in order of their numbers. If as many requests are being made as may be,
// the blocks wait in a queue, and those that nobody waits for are left out.
func (g *Generation) begin(blocks []*pending) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var r *request
	for _, p := range blocks {
		if p.waiters == 0 && (r == nil || !r.follows(p)) && g.isBusy() {
			g.endLocked(p, nil, nil)
			continue
		}
		if r == nil || !r.follows(p) || len(r.blocks) >= maxRequest/blockSize {
			if r = g.queuedBefore(p); r == nil {
				r = &request{}
				g.queue = append(g.queue, r)
			}
		}
		p.request = r
		r.blocks = append(r.blocks, p)
		r.waiters += p.waiters
	}
	g.dispatch()
}

// follows reports whether a block is the next one after those of the request.
func (r *request) follows(p *pending) bool { return r.blocks[len(r.blocks)-1].block+1 == p.block }

// queuedBefore returns a queued request that a block can be added to, or nil. It looks at the last
// ones only.
func (g *Generation) queuedBefore(p *pending) *request {
	for _, r := range g.queue[max(0, len(g.queue)-64):] {
		if r.follows(p) && len(r.blocks) < int(g.window) {
			return r
		}
	}
	return nil
}

// isBusy reports whether as many requests are being made, or wait, as may be made. g.mu is held.
func (g *Generation) isBusy() bool { return g.requests+len(g.queue) >= g.cache.parallel }

// dispatch starts requests from the queue. g.mu is held.
func (g *Generation) dispatch() {
	for g.requests < g.cache.parallel && len(g.queue) > 0 {
		r := g.queue[0]
		g.queue = g.queue[1:]
		var ctx context.Context
		ctx, r.cancel = context.WithCancel(g.ctx)
		g.requests++
		g.running.Go(func() { g.run(ctx, r) })
	}
}

// run makes a request.
func (g *Generation) run(ctx context.Context, r *request) {
	err := g.failedNow()
	if err == nil {
		err = g.receive(ctx, r.blocks)
	}
	r.cancel()
	g.mu.Lock()
	defer g.mu.Unlock()
	if errors.Is(err, source.ErrChanged) {
		g.changed = err
	}
	for _, p := range r.blocks {
		g.endLocked(p, nil, err)
	}
	g.requests--
	g.dispatch()
}

func (g *Generation) failedNow() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failed()
}

// receive requests blocks and puts each into the cache as it comes.
func (g *Generation) receive(ctx context.Context, blocks []*pending) error {
	off := blocks[0].block * blockSize
	last := blocks[len(blocks)-1].block
	n := last*blockSize + g.length(last) - off
	body, err := g.fetch(ctx, off, n)
	if err != nil {
		return g.causeOf(err)
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
		data = data[:g.length(p.block)]
		k, err := io.ReadFull(body, data)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: %d bytes from offset %d were requested, and %d came",
				source.ErrUnavailable, n, off, p.block*blockSize-off+int64(k))
		}
		if err != nil {
			return g.causeOf(err)
		}
		g.replaced(p.block)
		kept := g.store(p.block, data)
		g.arrived(p.block)
		if g.end(p, data, nil) || kept {
			data = nil
		}
	}
	return nil
}

// causeOf returns ErrClosed for an error that comes from closing the Generation.
func (g *Generation) causeOf(err error) error {
	if g.ctx.Err() != nil {
		return context.Cause(g.ctx)
	}
	return err
}

// abandon cancels a request that nobody waits for. A reader that wants one of its blocks from now
// on requests it again. g.mu is held.
func (g *Generation) abandon(r *request) {
	for _, p := range r.blocks {
		g.endLocked(p, nil, context.Canceled)
	}
	if r.cancel != nil {
		r.cancel()
		return
	}
	if i := slices.Index(g.queue, r); i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
	}
}
