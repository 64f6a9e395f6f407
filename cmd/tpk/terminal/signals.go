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

// WithSignals returns a context that SIGINT, SIGTERM, SIGHUP and SIGQUIT cancel with a
// [report.StoppedError], so that temporary files are removed. A second signal kills at once.
// Signals that are ignored, as nohup does, stay ignored.
//
// By default, Go ends with a dump of all goroutines on SIGQUIT, which is Ctrl-\ on a terminal. For
// debugging, SIGABRT still does that.
//
// Writing to a closed pipe returns an error for the same reason: by default it would kill the
// process wherever it is.
//
// Signals stay caught when the command is done. The second signal of timeout(1) would otherwise
// kill a server that has just ended well, and the exit code would be that of the signal.
func WithSignals(parent context.Context) context.Context {
	signal.Ignore(syscall.SIGPIPE)
	ctx, cancel := context.WithCancelCause(parent)
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}
	signals = slices.DeleteFunc(signals, signal.Ignored)
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, signals...)
	go func() {
		first := <-caught
		cancel(&report.StoppedError{Signal: first.(syscall.Signal)})
		until := time.Now().Add(secondAfter)
		for second := range caught {
			if time.Now().After(until) {
				die(second.(syscall.Signal))
			}
		}
	}()
	return ctx
}

// die ends the process by a signal. SIGQUIT would dump goroutines, so it is only the exit code.
func die(sig syscall.Signal) {
	if sig != syscall.SIGQUIT {
		signal.Reset(sig)
		if p, err := os.FindProcess(os.Getpid()); err == nil && p.Signal(sig) == nil {
			return // it arrives at any moment
		}
	}
	os.Exit(report.SignalCode(sig))
}

// CaughtSignal returns the signal that has cancelled ctx, or 0.
func CaughtSignal(ctx context.Context) syscall.Signal {
	var stop *report.StoppedError
	if errors.As(context.Cause(ctx), &stop) {
		return stop.Signal
	}
	return 0
}
