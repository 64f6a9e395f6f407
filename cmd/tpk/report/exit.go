package report

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/tarpack/tpk/internal/osfile"
)

// Exit codes. After signal n the code is 128 + n, as in a shell.
const (
	exitSuccess = 0
	exitFailure = 1
	exitUsage   = 2
	exitSignal  = 128
)

// ErrReported is the error of a command that has printed its errors already, one line each.
// [Line] prints nothing for it; the exit code is 1.
var ErrReported = errors.New("errors were reported")

// A UsageError is a mistake in the command line or the environment. The exit code is 2.
type UsageError struct{ message string }

func (e *UsageError) Error() string { return e.message }

// Usagef returns a [UsageError]. The message starts with the name of the command.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// A TroubleError is the error of a command whose exit code 1 means something else, such as a
// difference. The exit code is 2, as for cmp and diff (POSIX.1-2017).
type TroubleError struct{ Err error }

func (e *TroubleError) Error() string { return e.Err.Error() }
func (e *TroubleError) Unwrap() error { return e.Err }

// Answer returns the error of a command that answers a question, as diff and grep do: the exit code
// is 0 or, for no, 1; and 2 if there is an error.
func Answer(yes bool, err error) error {
	switch {
	case err != nil:
		return &TroubleError{Err: err}
	case !yes:
		return ErrReported
	}
	return nil
}

// A StoppedError is the cause of a context that a signal has cancelled.
type StoppedError struct{ Signal syscall.Signal }

func (e *StoppedError) Error() string { return "interrupted" }

// An InterruptedError is the error of a command that a signal has stopped. The exit code is
// 128 + the number of the signal, whatever Err is.
type InterruptedError struct {
	Signal syscall.Signal
	Err    error
}

func (e *InterruptedError) Error() string { return e.Err.Error() }
func (e *InterruptedError) Unwrap() error { return e.Err }

// ExitCode returns the exit code of a command that has returned err: 0 for nil.
func ExitCode(err error) int {
	var usage *UsageError
	var trouble *TroubleError
	var interrupted *InterruptedError
	switch {
	case err == nil:
		return exitSuccess
	case errors.As(err, &interrupted):
		return SignalCode(interrupted.Signal)
	case osfile.Is(err, syscall.EPIPE):
		return SignalCode(syscall.SIGPIPE)
	case errors.As(err, &usage), errors.As(err, &trouble):
		return exitUsage
	}
	return exitFailure
}

// SignalCode returns the exit code of a command that a signal has stopped.
func SignalCode(sig syscall.Signal) int { return exitSignal + int(sig) }
