// Command tpk packs a directory into an ordinary .tar.gz, laid out so that each file's compressed bytes can be
// cut out of it, and reads, checks, extracts and serves such archives.
//
//	main.go       what happens from start to exit: signals, the command, one line about what failed
//	app.go        the commands together, and their help
//	args.go       flags may stand after arguments
//	errors.go     from an error to a line that says what to do, and to an exit code
//	open.go       how every reading command opens an archive
//	progress.go   a bar on a terminal, lines where they are asked for, silence elsewhere
//	quote.go      names on a terminal
//	printed.go    help that could not be printed
//	pack.go …     one file a command: a constructor, its options, and run
//
// Only this package prints, exits, and knows of flags and terminals.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
)

func main() {
	untouched := tuneCollector()
	code := run(os.Args, os.Stdout, os.Stderr)
	runtime.KeepAlive(untouched)
	os.Exit(code)
}

// tuneCollector has garbage collected when it is a quarter of the memory in use, and 12 MiB at least. What tpk holds is mostly buffers
// that are used again, so collecting early costs it little, and a third of its memory is saved. The least is made by counting memory
// in that nobody touches, and which the system therefore never provides.
func tuneCollector() (untouched []byte) {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	debug.SetGCPercent(25)
	return make([]byte, 48<<20)
}

// run carries out a command line and returns the code to exit with.
func run(args []string, stdout, stderr io.Writer) int {
	ctx := withSignals(context.Background())
	printed := &printed{w: stdout}
	app := newApp(stdout, stderr)
	printed.helpOf(app)
	err := app.RunContext(ctx, interspersed(app, args))
	if err == nil {
		err = printed.err
	}
	var help cli.ExitCoder // `tpk help` says so of what is no command
	if errors.As(err, &help) {
		err = usagef("%s: see 'tpk --help'", strings.ToLower(help.Error()))
	}
	if sig := caughtSignal(ctx); sig != 0 && err != nil {
		err = &interrupted{signal: sig, err: err}
	}
	if line := errorLine(err); line != "" {
		fmt.Fprintln(stderr, line)
	}
	return exitCode(err)
}

// A stopped is why a context was cancelled: somebody sent a signal.
type stopped struct{ signal syscall.Signal }

func (s stopped) Error() string { return "interrupted" }

// twice is how far apart two signals are at least for the second to be meant as one.
const twice = time.Second

// withSignals cancels the context it returns when the user, the terminal or the system asks us to stop, so that
// temporary files are removed; a second signal kills at once. Writing to a closed pipe becomes an error for the
// same reason: the default would kill us wherever we are. Signals are never given back when the command is done: the
// second of timeout(1)'s two would then kill a server that has ended well, and its exit code would be the signal's.
func withSignals(parent context.Context) context.Context {
	signal.Ignore(syscall.SIGPIPE)
	ctx, cancel := context.WithCancelCause(parent)
	signals := slices.DeleteFunc([]os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}, signal.Ignored) // nohup, &
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, signals...)
	go func() {
		if sig, ok := (<-caught).(syscall.Signal); ok {
			cancel(stopped{sig})
		}
		// timeout(1) sends its signal twice, to the process and to its group; a person takes longer.
		time.Sleep(twice)
		signal.Reset(signals...)
	}()
	return ctx
}

// caughtSignal returns the signal that cancelled ctx, or 0.
func caughtSignal(ctx context.Context) syscall.Signal {
	var s stopped
	if errors.As(context.Cause(ctx), &s) {
		return s.signal
	}
	return 0
}
