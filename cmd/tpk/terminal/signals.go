package terminal

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/report"
)

// secondAfter is the time after which another signal is meant as a second one. timeout(1) sends its
// signal twice, to the process and to its group; a person takes longer.
const secondAfter = time.Second

// WithSignals returns a context that SIGINT, SIGTERM and SIGHUP cancel with a
// [report.StoppedError], so that temporary files are removed. A second signal kills at once.
// Signals that are ignored, as nohup does, stay ignored.
//
// Writing to a closed pipe returns an error for the same reason: by default it would kill the
// process wherever it is.
//
// Signals stay caught when the command is done. The second signal of timeout(1) would otherwise
// kill a server that has just ended well, and the exit code would be that of the signal.
func WithSignals(parent context.Context) context.Context {
	signal.Ignore(syscall.SIGPIPE)
	ctx, cancel := context.WithCancelCause(parent)
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	signals = slices.DeleteFunc(signals, signal.Ignored)
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, signals...)
	go func() {
		if sig, ok := (<-caught).(syscall.Signal); ok {
			cancel(&report.StoppedError{Signal: sig})
		}
		time.Sleep(secondAfter)
		signal.Reset(signals...)
	}()
	return ctx
}

// CaughtSignal returns the signal that has cancelled ctx, or 0.
func CaughtSignal(ctx context.Context) syscall.Signal {
	var stop *report.StoppedError
	if errors.As(context.Cause(ctx), &stop) {
		return stop.Signal
	}
	return 0
}
