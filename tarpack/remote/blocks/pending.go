package blocks

import "context"

// pending is a block that is being loaded or requested. Its fields are guarded by Generation.mu;
// data and err do not change after done is closed.
type pending struct {
	block   int64
	request *request // nil until it is requested
	waiters int
	readers int // waiters that want the data
	done    chan struct{}
	ended   bool // done is closed
	data    []byte
	err     error
}

// want returns the blocks from first to end that are not in the cache, and makes sure that they
// will come. The caller waits for each, or leaves it. Those from end to ahead will come as well, if
// there is room for a request, but nobody waits for them.
//
// With data, the bytes of the blocks are handed to the caller. Otherwise they are only put into the
// cache.
func (g *Generation) want(first, end, ahead int64, data bool) ([]*pending, error) {
	var waits, claims []*pending
	g.mu.Lock()
	if err := g.failed(); err != nil {
		g.mu.Unlock()
		return nil, err
	}
	for block := first; block < ahead; block++ {
		p := g.pending[block]
		if p == nil {
			if g.has(block) {
				continue
			}
			p = &pending{block: block, done: make(chan struct{})}
			g.pending[block] = p
			claims = append(claims, p)
		}
		if block < end {
			p.join(data)
			waits = append(waits, p)
		}
	}
	g.mu.Unlock()
	if len(claims) > 0 {
		g.begin(g.load(claims))
	}
	return waits, nil
}

// failed returns why no block can be requested any more. g.mu is held.
func (g *Generation) failed() error {
	if g.ctx.Err() != nil {
		return context.Cause(g.ctx)
	}
	return g.changed
}

func (p *pending) join(data bool) {
	p.waiters++
	if data {
		p.readers++
	}
	if p.request != nil {
		p.request.waiters++
	}
}

// leave gives up waiting for blocks. A request that nobody waits for any more is cancelled.
func (g *Generation) leave(waits []*pending) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range waits {
		if p.ended {
			continue
		}
		p.waiters--
		if r := p.request; r != nil {
			if r.waiters--; r.waiters == 0 {
				g.abandon(r)
			}
		}
	}
}

// load takes blocks from the disk, if they are there. It returns the others.
func (g *Generation) load(claims []*pending) (rest []*pending) {
	if g.disk == nil {
		return claims
	}
	var data []byte
	for _, p := range claims {
		if data == nil {
			data = make([]byte, blockSize)
		}
		data = data[:g.length(p.block)]
		g.replaced(p.block)
		if !g.disk.Load(p.block, data) {
			rest = append(rest, p)
			continue
		}
		g.arrived(p.block)
		if g.end(p, data, nil) {
			data = nil
		}
	}
	return rest
}

// end ends the wait for a block. It reports whether somebody has the data now.
func (g *Generation) end(p *pending, data []byte, err error) (taken bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.endLocked(p, data, err)
}

func (g *Generation) endLocked(p *pending, data []byte, err error) (taken bool) {
	if p.ended {
		return false
	}
	if p.readers > 0 {
		p.data = data
	}
	p.err, p.ended = err, true
	if p.request != nil {
		p.request.waiters -= p.waiters
	}
	delete(g.pending, p.block)
	close(p.done)
	return p.readers > 0
}

// length returns the number of bytes of a block.
func (g *Generation) length(block int64) int64 { return min(blockSize, g.size-block*blockSize) }
