//go:build unix

package main

import (
	"os"
	"syscall"
)

// reopenSignals make serve open its access log again, as nginx does.
var reopenSignals = []os.Signal{syscall.SIGUSR1}

// handoverSignals make serve start a new process that takes over, as nginx does.
var handoverSignals = []os.Signal{syscall.SIGUSR2}
