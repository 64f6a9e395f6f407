package output

import (
	"context"
	"io"
)

// A contextReader stops when its context does.
type ContextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ContextReader) Read(b []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}
