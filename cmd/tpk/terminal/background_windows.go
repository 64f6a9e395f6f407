package terminal

import (
	"context"
	"errors"
)

// StartBackground returns errors.ErrUnsupported: a process gets no descriptors of another one here.
func StartBackground(context.Context) (code int, err error) { return 0, errors.ErrUnsupported }

// StartedBy returns nil: StartBackground has started no process.
func StartedBy() (ready func() error) { return nil }
