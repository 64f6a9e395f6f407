package archives

import (
	"context"
	"errors"

	"github.com/tarpack/tpk/serve/internal/turns"
)

// Client is the client that waits for an answer.
type Client interface {
	// Watch calls gone, at most once, when the client has gone away. It does so until stop is called,
	// and maybe some time after it happened.
	Watch(gone func()) (stop func())
}

// ErrGone means that the work for an answer was stopped, since its client has gone away.
var ErrGone = errors.New("the client has gone away")

// Context returns the context of work that may take long. It ends when the View's Client has gone
// away, with the cause ErrGone, when the Library is closed, and with Release. Turns that it waits
// for are those of the View's ClientKey.
func (v *View) Context() context.Context {
	if v.work == nil {
		var cancel context.CancelCauseFunc
		v.work, cancel = context.WithCancelCause(turns.For(v.library.ctx, v.ClientKey))
		stop := func() {}
		if v.Client != nil {
			stop = v.Client.Watch(func() { cancel(ErrGone) })
		}
		v.endWork = func() {
			stop()
			cancel(nil)
		}
	}
	return v.work
}

// stopWork ends the context, if there is one.
func (v *View) stopWork() {
	if v.work != nil {
		v.endWork()
		v.work, v.endWork = nil, nil
	}
}
