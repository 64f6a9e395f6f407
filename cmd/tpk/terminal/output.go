package terminal

import (
	"context"
	"io"
)

// An Output is a writer that fails once its context is cancelled, so that a long copy ends. After
// an error it writes nothing more.
type Output struct {
	ctx context.Context
	w   io.Writer
	n   int64
	err error
}

// NewOutput returns an output that writes to w until ctx is cancelled.
func NewOutput(ctx context.Context, w io.Writer) *Output { return &Output{ctx: ctx, w: w} }

// Write writes p. Its error is the cause of the cancellation, or that of the writer.
func (o *Output) Write(p []byte) (n int, err error) {
	if o.err == nil {
		o.err = context.Cause(o.ctx)
	}
	if o.err != nil {
		return 0, o.err
	}
	n, o.err = o.w.Write(p)
	o.n += int64(n)
	return n, o.err
}

// Written returns the number of bytes written so far.
func (o *Output) Written() int64 { return o.n }

// Err returns the error of the first write that failed.
func (o *Output) Err() error { return o.err }
