package output

import (
	"context"
	"io"
)

// ContextReader is R until Ctx ends. From then on Read returns the cause of that.
type ContextReader struct {
	Ctx context.Context
	R   io.Reader
}

// Read reads from R.
func (c ContextReader) Read(b []byte) (int, error) {
	if err := context.Cause(c.Ctx); err != nil {
		return 0, err
	}
	return c.R.Read(b)
}
