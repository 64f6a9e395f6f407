// Command tpk packs a directory into an ordinary .tar.gz, laid out so that the compressed bytes of
// each file can be read or sent straight from it. It also reads, checks, changes and serves such
// archives.
//
// This folder has one file per command, with a constructor, an options struct, a parse function and
// a run function; the flags of serve have a second file. main.go runs a command line from start to
// exit, and app.go lists the commands. What commands share is in the packages below this folder:
//
//	cli         commands and their flags: parsing and running a command line
//	flags       the flags that commands share, and the environment
//	help        the layout of help texts
//	man         manual pages of the same texts
//	handover    a new process that takes over the listeners of a server
//	completion  completion in shells
//	report      from an error to one line with a hint, and to an exit code
//	terminal    progress, signals, standard output
//	reading     opening an archive, finding entries, printing them
//	editing     the run of a command that changes an archive
//
// Only these packages print, exit, and know of flags and terminals.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack/bundle"
)

func main() {
	untouched := tuneCollector()
	code := run(os.Args, os.Stdout, os.Stderr)
	runtime.KeepAlive(untouched)
	os.Exit(code)
}

// tuneCollector makes the garbage collector run when garbage reaches a quarter of the memory in
// use, but at least 12 MiB. tpk mostly holds buffers that it reuses, so this costs little, and
// saves a third of its memory. The result counts as memory in use and so sets the minimum. It is
// never touched, so the system never provides it. The user's GOGC takes precedence.
func tuneCollector() (untouched []byte) {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	debug.SetGCPercent(25)
	return make([]byte, ballast)
}

// ballast is the memory that tuneCollector never touches, in bytes.
const ballast = 48 << 20

// limitMemory makes the garbage collector keep the memory in use below limit bytes, as far as it
// can. It is for a command that runs for a long time. The user's GOGC and GOMEMLIMIT take
// precedence.
func limitMemory(limit int64) {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(ballast + limit)
	}
}

// keepSmall makes the garbage collector run when garbage reaches 6 MiB, and not 12. A server that
// has little to do keeps its garbage for minutes, and makes next to none while it answers. The
// user's GOGC takes precedence.
func keepSmall() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(12)
	}
}

// run runs a command line and returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	log.SetOutput(io.Discard) // net/http writes lines of its own there
	ctx := terminal.WithSignals(context.Background())
	r := &runner{args: args, stdout: stdout, stderr: stderr}
	err := r.prepare()
	if err == nil {
		err = r.run(ctx)
	}
	if sig := terminal.CaughtSignal(ctx); sig != 0 && err != nil {
		err = &report.InterruptedError{Signal: sig, Err: err}
	}
	if line := report.Line(err); line != "" {
		fmt.Fprintln(stderr, line)
	}
	return report.ExitCode(err)
}

// runner is one run of a command line.
type runner struct {
	app            *cli.App
	args           []string // args[0] is the program
	stdout, stderr io.Writer
}

// prepare makes the application, and brings its arguments into the form that it takes.
func (r *runner) prepare() error {
	if bundle.Marked() {
		return r.bundled()
	}
	r.app = newApp(r.stdout, r.stderr)
	if err := flags.CheckHabits(r.app, r.args); err != nil {
		return err
	}
	r.args = flags.Interspersed(r.app, r.args)
	return nil
}

// run runs the application. Help and version are printed at the end.
func (r *runner) run(ctx context.Context) error {
	r.app.Reader = terminal.NewInput(ctx, os.Stdin)
	var text bytes.Buffer
	help.Install(r.app, &text)
	err := r.app.RunContext(ctx, r.args)
	if err == nil {
		_, err = text.WriteTo(r.stdout)
	}
	return err
}
