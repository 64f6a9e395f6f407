package object

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// body is what Get returns: the bytes of one range, from one response or several.
type body struct {
	x      *Object
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu       sync.Mutex // held by Read, and by Close, which ends a Read
	off      int64      // of the next byte
	left     int64
	attempts attempts
	r        *request // nil between two responses
	cut      error    // why there is none, if a response was cut off
	err      error    // of all later reads
}

// newBody returns the body of n bytes from offset off, with its first response.
func newBody(ctx context.Context, x *Object, off, n int64) (*body, error) {
	b := &body{x: x, off: off, left: n, attempts: attempts{o: x.o}}
	b.ctx, b.cancel = context.WithCancelCause(ctx)
	if err := b.start(); err != nil {
		b.cancel(err)
		return nil, err
	}
	return b, nil
}

// start sends a request for what is left, until a response is good or there must be no other one.
func (b *body) start() error {
	for {
		if b.cut != nil {
			if err := b.attempts.wait(b.ctx, b.cut); err != nil {
				return b.x.later(b.ctx, err)
			}
		}
		if b.r, b.cut = b.x.request(b.ctx, b.off, b.left); b.cut == nil {
			return nil
		}
	}
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.err == nil && len(p) > 0 {
		if b.r == nil {
			if err := b.start(); err != nil {
				b.finish(err)
				break
			}
		}
		if n := b.read(p); n > 0 {
			return n, nil
		}
	}
	return 0, b.err
}

// read reads from the response that there is. After the last byte, and if the response is cut off,
// it ends the response.
func (b *body) read(p []byte) int {
	n, err := b.r.read(p[:min(int64(len(p)), b.left)])
	b.off, b.left = b.off+int64(n), b.left-int64(n)
	b.attempts.received(n)
	switch {
	case b.left == 0:
		// The last bytes are not returned before it is certain that the body ends with them.
		if err := b.r.ends(); err != nil {
			b.finish(b.x.later(b.ctx, err))
			return 0
		}
		b.finish(io.EOF)
	case err != nil:
		b.cut = b.r.cutOff(b.ctx, err)
		b.release()
	}
	return n
}

// release ends the response, if there is one.
func (b *body) release() {
	if b.r != nil {
		b.r.close()
		b.r = nil
	}
}

// finish ends the body with an error.
func (b *body) finish(err error) {
	b.release()
	b.cancel(err)
	b.err = err
}

// Close implements io.Closer. It ends a Read that another goroutine is in, and waits for it.
func (b *body) Close() error {
	b.cancel(http.ErrBodyReadAfterClose)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.finish(http.ErrBodyReadAfterClose)
	}
	return nil
}
