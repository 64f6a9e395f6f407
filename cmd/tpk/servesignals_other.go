//go:build !unix

package main

import "os"

// reopenSignals is empty: there is no SIGUSR1. SIGHUP opens the access log again, too.
var reopenSignals []os.Signal

// handoverSignals is empty: there is no SIGUSR2.
var handoverSignals []os.Signal
