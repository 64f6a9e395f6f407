package output

import (
	"context"
	"io"
)

// A contextReader stops when its context does.
type ContextReader struct {
	Ctx context.Context
	R   io.Reader
}

func (c ContextReader) Read(b []byte) (int, error) {
	if err := context.Cause(c.Ctx); err != nil {
		return 0, err
	}
	return c.R.Read(b)
}
