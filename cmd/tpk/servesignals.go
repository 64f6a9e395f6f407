package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/serve"
)

// answerSignals makes SIGHUP reload the archives and open the access log again, reopenSignals open
// that alone, and handoverSignals start a new process that takes over. Signals are answered until
// the process ends. SIGHUP stops other commands.
func answerSignals(ctx context.Context, c *cli.Context, access *logFile, next *succession) {
	signal.Reset(syscall.SIGHUP)
	signals := make(chan os.Signal, 8) // a signal is lost if there is no room
	signal.Notify(signals, slices.Concat(reopenSignals, handoverSignals,
		[]os.Signal{syscall.SIGHUP})...)
	log := next.manager.log
	go func() {
		for sig := range signals {
			if slices.Contains(handoverSignals, sig) {
				go next.start(ctx)
				continue
			}
			if err := access.Reopen(); err != nil {
				log("the access log goes on as before: " + plainError(err))
			}
			if sig != syscall.SIGHUP || next.over() {
				continue
			}
			next.reload.Store(next.starting.Load())
			next.manager.reload(func() { reload(c, next.server, log) })
			if c.Context.Err() != nil {
				return // the server is shutting down
			}
		}
	}()
}

// reload opens the archives again, and says how that went.
func reload(c *cli.Context, server *serve.Server, log func(string)) {
	switch err := server.Reload(c.Context); {
	case c.Context.Err() != nil: // the server is shutting down
	case err != nil:
		log("SIGHUP: still served as before: " + plainError(err))
	case !terminal.IsQuiet(c):
		log("SIGHUP: archives reloaded")
	}
}

// plainError is the line of an error without the name of the program.
func plainError(err error) string { return strings.TrimPrefix(report.Line(err), "tpk: ") }
