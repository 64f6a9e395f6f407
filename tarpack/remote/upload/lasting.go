package upload

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

// cleanup is how long requests may take after the context of New has ended.
const cleanup = 10 * time.Second

// lasting returns a context for requests that the server may carry out even if nobody waits for the
// answer. When the context of New ends, it ends at once unless the server may have all of a
// request, as isSent reports. Then the answer is waited for: a part that is stored after the upload
// was aborted would stay for ever.
func (u *Upload) lasting(isSent func() bool) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(u.ctx))
	end := func() { cancel(context.Cause(u.ctx)) }
	stop := context.AfterFunc(u.ctx, func() {
		if !isSent() {
			end()
			return
		}
		timer := time.AfterFunc(cleanup, end)
		context.AfterFunc(ctx, func() { timer.Stop() })
	})
	return ctx, func(cause error) {
		stop()
		cancel(cause)
	}
}

// sendBody sends a part until that succeeds.
func (u *Upload) sendBody(
	p *part, send func(ctx context.Context, b *body) (*http.Response, error),
) error {
	var current atomic.Pointer[body]
	ctx, cancel := u.lasting(func() bool {
		b := current.Load()
		return b != nil && b.isSent()
	})
	defer cancel(nil)
	return u.write(ctx, u.o.Timeout, func(ctx context.Context, moved func()) (*http.Response, error) {
		b := p.body(moved)
		current.Store(b)
		defer func() {
			current.Store(nil)
			b.stop()
			if u.ctx.Err() != nil { // no other attempt
				cancel(context.Cause(u.ctx))
			}
		}()
		return send(ctx, b)
	})
}
