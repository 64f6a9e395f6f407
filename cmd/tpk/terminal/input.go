package terminal

import (
	"context"
	"io"
	"os"
	"sync"
)

// NewInput returns a reader of f whose Read ends with the cause once ctx is cancelled, also while
// it waits for the other end of a pipe, or for a key. What has an offset, as files have, is
// returned as it is: nothing there has to be waited for.
func NewInput(ctx context.Context, f *os.File) io.Reader {
	if _, err := f.Seek(0, io.SeekCurrent); err == nil {
		return f
	}
	return &input{ctx: ctx, r: f}
}

// An input reads r in a goroutine of its own, which begins with the first Read.
type input struct {
	ctx  context.Context
	r    io.Reader
	once sync.Once
	pipe *io.PipeReader
}

func (in *input) Read(p []byte) (int, error) {
	in.once.Do(func() {
		var w *io.PipeWriter
		in.pipe, w = io.Pipe()
		context.AfterFunc(in.ctx, func() { w.CloseWithError(context.Cause(in.ctx)) })
		go func() {
			_, err := io.Copy(w, in.r)
			w.CloseWithError(err)
		}()
	})
	return in.pipe.Read(p)
}
