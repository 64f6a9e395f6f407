package object

import (
	"context"
	"net/http"
	"time"
)

// A Send sends one request that changes something on a server, and returns the response. It has
// read the whole answer and closed the body. It calls moved whenever some of the request's body was
// taken. Errors and statuses mean what they do for [Store].
type Send func(ctx context.Context, moved func()) (*http.Response, error)

// Write sends a request that changes something until it is answered with success, and sends it
// again after the failures after which Get does, so it must not matter if it is carried out twice.
// Of the options, which may be nil, it heeds Retries, RetryAfter and HeaderTimeout. That is how
// long it may take until some of the body is taken, and from then until the answer is complete.
//
// Errors are those of Open. Their text has no name.
func Write(ctx context.Context, limit Limit, o *Options, send Send) error {
	o = o.withDefaults()
	tries := attempts{o: o}
	for {
		err := write(ctx, limit, o.HeaderTimeout, send)
		if err == nil {
			return nil
		}
		if err = tries.wait(ctx, err); err != nil {
			return err
		}
	}
}

func write(ctx context.Context, limit Limit, timeout time.Duration, send Send) error {
	if err := limit.enter(ctx); err != nil {
		return err
	}
	defer limit.leave()
	sending, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(timeout, func() { cancel(errNoHeader) })
	defer timer.Stop()
	//nolint:bodyclose // send does
	resp, err := send(sending, func() { timer.Reset(timeout) })
	switch {
	case err == nil && resp.StatusCode < 300:
		return nil
	case err == nil:
		return statusError(resp, true)
	}
	if err := ended(ctx); err != nil {
		return err
	}
	if cause := ended(sending); cause != nil {
		return &temporary{err: cause}
	}
	return sendError(err)
}
