//go:build !unix

package handover

import (
	"context"

	"github.com/tarpack/tpk/serve"
)

// Successor is a new process that is ready. There is none.
type Successor struct{ Pid int }

// Start returns ErrPlatform.
func Start(context.Context, []serve.NamedListener, []serve.Archive) (*Successor, error) {
	return nil, ErrPlatform
}

// Confirm does nothing.
func (*Successor) Confirm() {}

// Ended does nothing.
func (*Successor) Ended() {}

// Line leads to the former process. There is none.
type Line struct{}

// Receive returns nil: there is no former process.
func Receive(*serve.RunOptions) (*Line, error) { return nil, nil }

// Ready does nothing.
func (*Line) Ready() {}
