package object

import (
	"context"
	"errors"
	"time"
)

var (
	errNoHeader = errors.New("no answer in time")
	errStalled  = errors.New("the server sends nothing, or next to nothing")
)

// leastBytes is what must arrive while a reader waits for Options.StallTimeout. A server that sends
// single bytes would keep a reader for ever otherwise.
const leastBytes = 16 << 10

// A watch ends a request that does not get on. Only the time counts in which somebody waits, so a
// reader may be slow.
type watch struct {
	stall  time.Duration
	cancel context.CancelCauseFunc
	timer  *time.Timer
	start  time.Time
	waited time.Duration // since the last leastBytes
	got    int
}

// newWatch returns a context for a request. It ends with errNoHeader after the timeout, unless
// began is called before.
func newWatch(ctx context.Context, o *Options) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{stall: o.StallTimeout, cancel: cancel}
	w.timer = time.AfterFunc(o.HeaderTimeout, func() { cancel(errNoHeader) })
	return ctx, w
}

// began must be called when the header has arrived.
func (w *watch) began() {
	w.timer.Stop()
	w.timer = time.AfterFunc(w.stall, func() { w.cancel(errStalled) })
	w.timer.Stop()
}

// before must be called before each read of the body.
func (w *watch) before() {
	w.start = time.Now()
	w.timer.Reset(w.stall - w.waited)
}

// after must be called after a read of n bytes.
func (w *watch) after(n int) {
	w.timer.Stop()
	w.waited += time.Since(w.start)
	if w.got += n; w.got >= leastBytes {
		w.got, w.waited = 0, 0
	}
}

// end ends the request.
func (w *watch) end() {
	w.timer.Stop()
	w.cancel(context.Canceled)
}
