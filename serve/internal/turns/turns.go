// Package turns limits how many tasks run at the same time that keep a processor busy each.
package turns

import (
	"context"
	"runtime"
)

// Turns are for tasks of one kind, as many at the same time as the channel has room.
type Turns chan struct{}

// Half returns Turns for tasks that leave half of the processors to others.
func Half() Turns { return make(Turns, max(1, runtime.GOMAXPROCS(0)/2)) }

// All returns Turns for as many tasks as there are processors.
func All() Turns { return make(Turns, runtime.GOMAXPROCS(0)) }

// Take waits for a turn, which Done must give back. If ctx ends first, it returns the cause.
func (t Turns) Take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Done gives back a turn.
func (t Turns) Done() { <-t }
